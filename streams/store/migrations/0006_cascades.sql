-- Cascades: how each one stands the moment its shares are in, its shape a little later, and views over both.

CREATE TABLE cascade_standing
(
    root_id String COMMENT '传播源头帖子的编号',
    platform LowCardinality(String) COMMENT '平台',
    origin LowCardinality(String) COMMENT '进入途径：demo、file、api 或来源名',
    author_id String COMMENT '源头作者编号（可为带密钥的散列）；源头帖子未到达为空',
    author_followers UInt64 COMMENT '源头作者粉丝数；未知为 0',
    published DateTime64(3, 'UTC') COMMENT '源头发布时间；源头帖子未到达为 1970-01-01',
    size UInt32 COMMENT '树中的节点数，含源头',
    depth UInt32 COMMENT '最深的层，源头为 0',
    max_breadth UInt32 COMMENT '最宽一层的节点数',
    shares UInt32 COMMENT '不重复的转发数，含未接入树中的',
    first_share DateTime64(3, 'UTC') COMMENT '首次转发的时间',
    last_share DateTime64(3, 'UTC') COMMENT '最近一次转发的时间',
    `levels.nodes` Array(UInt32) COMMENT '各层节点数，自源头起',
    `levels.reach` Array(UInt64) COMMENT '各层作者粉丝数之和，未去重',
    `levels.strong` Array(UInt32) COMMENT '各层经熟人转发的节点数',
    `levels.weak` Array(UInt32) COMMENT '各层经陌生人转发的节点数',
    `levels.scored` Array(UInt32) COMMENT '各层写了话的节点数',
    `levels.score` Array(Float64) COMMENT '各层所写的话的情感倾向之和',
    `levels.first` Array(DateTime64(3, 'UTC')) COMMENT '各层首次出现的时间；源头为 1970-01-01',
    version UInt64 COMMENT '已计入的最后一次转发在 Kafka 中的次序；同一源头保留最大者',
    counted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '计入的时间'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY root_id
COMMENT '每次传播的规模和各层，转发入库即更新，一个源头一行';

CREATE TABLE cascade_shapes
(
    root_id String COMMENT '传播源头帖子的编号',
    platform LowCardinality(String) COMMENT '平台',
    origin LowCardinality(String) COMMENT '进入途径：demo、file、api 或来源名',
    size UInt32 COMMENT '计算时树中的节点数，含源头',
    virality Nullable(Float64) COMMENT '结构病毒性 ν：任意两个节点之间的平均距离；只有源头时为空',
    half_at DateTime64(3, 'UTC') COMMENT '半数转发到此时已出现',
    speed UInt32 COMMENT '最近一次转发之前一小时内的转发数',
    acceleration Int32 COMMENT '比再前一小时多多少',
    audience UInt64 COMMENT '粉丝数之和，同一人只算一次',
    passed_unknown UInt32 COMMENT '关系未知的转发中，又被转发的次数',
    passed_strong UInt32 COMMENT '经熟人的转发中，又被转发的次数',
    passed_weak UInt32 COMMENT '经陌生人的转发中，又被转发的次数',
    orphans UInt32 COMMENT '上游转发尚未到达的转发数',
    cycles UInt32 COMMENT '上游成环的转发数',
    selves UInt32 COMMENT '以自己为上游、或与源头同号的转发数',
    n_spreaders UInt32 COMMENT '被转发过的人数',
    `spreaders.user` Array(String) COMMENT '关键传播者：按带动、直接转发各取前 1000 人',
    `spreaders.direct` Array(UInt32) COMMENT '其各次转发被直接转发的总数',
    `spreaders.subtree` Array(UInt32) COMMENT '其下游节点数，不重复计',
    version UInt64 COMMENT '已计入的最后一次转发在 Kafka 中的次序；同一源头保留最大者',
    counted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '计算的时间'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY root_id
COMMENT '每次传播的形状和关键传播者，需走遍全树，至多晚于规模两秒，一个源头一行';

CREATE VIEW cascades
(
    root_id String COMMENT '传播源头帖子的编号',
    platform LowCardinality(String) COMMENT '平台',
    author_id String COMMENT '源头作者编号；源头帖子未到达为空',
    published DateTime64(3, 'UTC') COMMENT '源头发布时间；源头帖子未到达为 1970-01-01',
    size UInt32 COMMENT '树中的节点数，含源头',
    depth UInt32 COMMENT '最深的层，源头为 0',
    max_breadth UInt32 COMMENT '最宽一层的节点数',
    virality Nullable(Float64) COMMENT '结构病毒性 ν：任意两个节点之间的平均距离；只有源头时为空',
    virality_at DateTime64(3, 'UTC') COMMENT 'ν、速度、受众和关键传播者的计算时间',
    shares UInt32 COMMENT '不重复的转发数，含未接入树中的',
    first_share DateTime64(3, 'UTC') COMMENT '首次转发的时间',
    last_share DateTime64(3, 'UTC') COMMENT '最近一次转发的时间',
    live Bool COMMENT '最近一小时内有转发',
    reach UInt64 COMMENT '曝光：各节点作者粉丝数之和，未去重，含源头',
    audience UInt64 COMMENT '粉丝数之和，同一人只算一次',
    half_life Nullable(Float64) COMMENT '自源头发布（未到达则自首次转发）到半数转发出现的秒数',
    speed UInt32 COMMENT '最近一次转发之前一小时内的转发数',
    acceleration Int32 COMMENT '比再前一小时多多少',
    strong UInt32 COMMENT '经熟人的转发数',
    weak UInt32 COMMENT '经陌生人的转发数',
    strong_conversion Nullable(Float64) COMMENT '经熟人的转发中又被转发的比例',
    weak_conversion Nullable(Float64) COMMENT '经陌生人的转发中又被转发的比例',
    orphans UInt32 COMMENT '上游转发尚未到达的转发数',
    cycles UInt32 COMMENT '上游成环的转发数',
    selves UInt32 COMMENT '以自己为上游、或与源头同号的转发数',
    n_spreaders UInt32 COMMENT '被转发过的人数',
    origin LowCardinality(String) COMMENT '进入途径：demo、file、api 或来源名',
    counted_at DateTime64(3, 'UTC') COMMENT '规模计入的时间'
)
AS SELECT
    s.root_id AS root_id, s.platform AS platform, s.author_id AS author_id, s.published AS published,
    s.size AS size, s.depth AS depth, s.max_breadth AS max_breadth,
    m.virality AS virality, m.counted_at AS virality_at,
    s.shares AS shares, s.first_share AS first_share, s.last_share AS last_share,
    toBool(s.last_share >= now64(3) - INTERVAL 1 HOUR) AS live,
    s.reach AS reach, m.audience AS audience,
    if(m.half_at > 0, (toUnixTimestamp64Milli(m.half_at) - toUnixTimestamp64Milli(if(s.published > 0, s.published, s.first_share))) / 1000, NULL) AS half_life,
    m.speed AS speed, m.acceleration AS acceleration,
    s.strong AS strong, s.weak AS weak,
    if(s.strong > 0, m.passed_strong / s.strong, NULL) AS strong_conversion,
    if(s.weak > 0, m.passed_weak / s.weak, NULL) AS weak_conversion,
    m.orphans AS orphans, m.cycles AS cycles, m.selves AS selves, m.n_spreaders AS n_spreaders,
    s.origin AS origin, s.counted_at AS counted_at
FROM
(
    SELECT
        root_id, platform, origin, author_id, published, size, depth, max_breadth, shares, first_share, last_share,
        counted_at, arraySum(levels.reach) AS reach, arraySum(levels.strong) AS strong, arraySum(levels.weak) AS weak
    FROM cascade_standing FINAL
) AS s
LEFT ANY JOIN
(
    SELECT
        root_id, virality, counted_at, half_at, speed, acceleration, audience, passed_strong, passed_weak,
        orphans, cycles, selves, n_spreaders
    FROM cascade_shapes FINAL
) AS m ON s.root_id = m.root_id
COMMENT '传播：一个源头一行，规模、深度、结构病毒性、速度、受众';

CREATE VIEW cascade_levels
(
    root_id String COMMENT '传播源头帖子的编号',
    level UInt32 COMMENT '层：源头为 0，一次转发为 1，二次传播为 2，余类推',
    nodes UInt32 COMMENT '该层节点数',
    portion Float64 COMMENT '占全部节点的比例，0 至 1',
    ratio Nullable(Float64) COMMENT 'R = 下一层节点数 ÷ 该层节点数；最深一层为空',
    reach UInt64 COMMENT '该层曝光：作者粉丝数之和，未去重',
    strong UInt32 COMMENT '该层经熟人转发的节点数',
    weak UInt32 COMMENT '该层经陌生人转发的节点数',
    scored UInt32 COMMENT '该层写了话的节点数',
    tone Nullable(Float64) COMMENT '该层所写的话的平均情感倾向，-1 至 1；没有写话为空',
    first_at DateTime64(3, 'UTC') COMMENT '该层首次出现的时间；源头为其发布时间，未到达为 1970-01-01',
    seconds Nullable(Float64) COMMENT '自源头发布（未到达则自首次转发）到该层首次出现的秒数'
)
AS SELECT
    root_id, level, nodes, nodes / size AS portion,
    if(level < depth, following / nodes, NULL) AS ratio,
    reach, strong, weak, scored, if(scored > 0, score / scored, NULL) AS tone,
    if(level = 0, published, began) AS first_at,
    if(level = 0, NULL, (toUnixTimestamp64Milli(began) - toUnixTimestamp64Milli(if(published > 0, published, first_share))) / 1000) AS seconds
FROM
(
    SELECT
        root_id, size, depth, published, first_share, levels.nodes AS n, levels.reach AS r, levels.strong AS s,
        levels.weak AS w, levels.scored AS c, levels.score AS t, levels.first AS f
    FROM cascade_standing FINAL
)
ARRAY JOIN
    range(toUInt32(length(n))) AS level, n AS nodes, arrayShiftLeft(n, 1) AS following, r AS reach, s AS strong,
    w AS weak, c AS scored, t AS score, f AS began
COMMENT '传播的各层：一个源头每层一行';

CREATE VIEW spreaders
(
    root_id String COMMENT '传播源头帖子的编号',
    platform LowCardinality(String) COMMENT '平台',
    user_id String COMMENT '传播者编号（可为带密钥的散列）；源头作者已知时也在内',
    direct UInt32 COMMENT '其各次转发被直接转发的总数',
    subtree UInt32 COMMENT '其下游节点数，不重复计'
)
AS SELECT root_id, platform, user_id, direct, subtree
FROM (SELECT root_id, platform, spreaders.user AS u, spreaders.direct AS d, spreaders.subtree AS b FROM cascade_shapes FINAL)
ARRAY JOIN u AS user_id, d AS direct, b AS subtree
COMMENT '每次传播的关键传播者：按带动、直接转发各取前 1000 人，一人一行';

CREATE VIEW spreaders_organic
(
    root_id String COMMENT '传播源头帖子的编号',
    platform LowCardinality(String) COMMENT '平台',
    user_id String COMMENT '传播者编号（可为带密钥的散列）；源头作者已知时也在内',
    direct UInt32 COMMENT '其各次转发被直接转发的总数',
    subtree UInt32 COMMENT '其下游节点数，不重复计'
)
AS SELECT root_id, platform, user_id, direct, subtree
FROM spreaders
WHERE (platform, user_id) NOT IN (SELECT platform, author_id FROM flagged_accounts FINAL WHERE label IN ('light', 'heavy'))
COMMENT '每次传播的关键传播者，不含轻度和重度水军';

CREATE VIEW cascade_attribution
(
    root_id String COMMENT '传播源头帖子的编号',
    campaign LowCardinality(String) COMMENT '所属营销活动',
    channel LowCardinality(String) COMMENT '触达渠道',
    paid Bool COMMENT '付费推广（true）或自发传播（false）',
    landing LowCardinality(String) COMMENT '落地页域名',
    shares UInt64 COMMENT '转发数，含未接入树中的',
    sharers UInt64 COMMENT '转发的人数',
    reach UInt64 COMMENT '转发者粉丝数之和，未去重',
    targets UInt64 COMMENT '发给的人数之和，已知的',
    first_share DateTime64(3, 'UTC') COMMENT '首次转发的时间',
    last_share DateTime64(3, 'UTC') COMMENT '最近一次转发的时间'
)
AS SELECT
    root_id, campaign, channel, paid, landing, count() AS shares, uniqExact(user_id) AS sharers,
    sum(author_followers) AS reach, sum(targets) AS targets, min(shared) AS first_share, max(shared) AS last_share
FROM shares_latest
GROUP BY root_id, campaign, channel, paid, landing
COMMENT '传播的归因：每次传播按活动、渠道、付费与否、落地页一行';

CREATE VIEW cascade_fans
(
    root_id String COMMENT '传播源头帖子的编号',
    user_id String COMMENT '新粉丝编号（可为带密钥的散列）',
    brand LowCardinality(String) COMMENT '关注的品牌',
    at DateTime64(3, 'UTC') COMMENT '关注时间',
    way LowCardinality(String) COMMENT '依据，取最强的：sharer 本人转发过、inviter 邀请人转发过、campaign 同一营销活动'
)
AS SELECT root_id, user_id, brand, min(followed) AS at, ['sharer', 'inviter', 'campaign'][min(rank)] AS way
FROM
(
    SELECT s.root_id AS root_id, f.user_id AS user_id, f.brand AS brand, f.at AS followed, f.rank AS rank
    FROM (SELECT root_id, user_id AS person, min(shared) AS since FROM shares_latest GROUP BY root_id, person) AS s
    INNER JOIN
    (
        SELECT user_id, brand, at, tied.1 AS rank, tied.2 AS person
        FROM interactions_latest ARRAY JOIN [(1, user_id), (2, inviter)] AS tied
        WHERE kind = 'follow' AND person != ''
    ) AS f ON s.person = f.person
    WHERE f.at >= s.since
    UNION ALL
    SELECT s.root_id, f.user_id, f.brand, f.at, 3
    FROM (SELECT root_id, campaign, min(shared) AS since FROM shares_latest WHERE campaign != '' GROUP BY root_id, campaign) AS s
    INNER JOIN (SELECT user_id, brand, at, campaign FROM interactions_latest WHERE kind = 'follow') AS f ON s.campaign = f.campaign
    WHERE f.at >= s.since
)
GROUP BY root_id, user_id, brand
COMMENT '传播带来的新粉丝：转发之后关注的人，每次传播每人每品牌一行；一人可计入几次传播';
