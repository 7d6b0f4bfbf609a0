-- What is understood of each text, who corrected it, by which rules and lexicons it was judged.

ALTER TABLE posts
    ADD COLUMN IF NOT EXISTS `mentions.confidence` Array(Float32) COMMENT '对该品牌情感判断的把握，0 至 1' AFTER `mentions.score`,
    ADD COLUMN IF NOT EXISTS `mentions.evidence_start` Array(UInt32) COMMENT '判断依据在原文中的起点（字符）' AFTER `mentions.stop`,
    ADD COLUMN IF NOT EXISTS `mentions.evidence_stop` Array(UInt32) COMMENT '判断依据在原文中的终点（字符，不含）；无依据为 0' AFTER `mentions.evidence_start`,
    ADD COLUMN IF NOT EXISTS `aspects.aspect` Array(LowCardinality(String)) COMMENT '谈到的方面：屏幕、续航、客服等' AFTER `mentions.evidence_stop`,
    ADD COLUMN IF NOT EXISTS `aspects.brand` Array(LowCardinality(String)) COMMENT '该方面说的是哪个品牌，未点名为空' AFTER `aspects.aspect`,
    ADD COLUMN IF NOT EXISTS `aspects.sentiment` Array(LowCardinality(String)) COMMENT '对该方面的情感' AFTER `aspects.brand`,
    ADD COLUMN IF NOT EXISTS `aspects.score` Array(Float32) COMMENT '对该方面的情感倾向，-1 至 1' AFTER `aspects.sentiment`,
    ADD COLUMN IF NOT EXISTS `aspects.start` Array(UInt32) COMMENT '方面词在原文中的起点（字符）' AFTER `aspects.score`,
    ADD COLUMN IF NOT EXISTS `aspects.stop` Array(UInt32) COMMENT '方面词在原文中的终点（字符，不含）' AFTER `aspects.start`,
    ADD COLUMN IF NOT EXISTS stage LowCardinality(String) COMMENT '消费旅程：notice 关注、search 搜索、review 评测、buy 购买、use 使用、share 分享、scold 开骂；看不出为空' AFTER `aspects.stop`,
    ADD COLUMN IF NOT EXISTS intent LowCardinality(String) COMMENT '意图：question 提问、complaint 投诉、purchase 购买；看不出为空' AFTER stage,
    ADD COLUMN IF NOT EXISTS own_brand LowCardinality(String) COMMENT '作者是哪个品牌的官方账号，不是为空' AFTER intent,
    ADD COLUMN IF NOT EXISTS `hits.rule` Array(LowCardinality(String)) COMMENT '命中的规则' AFTER own_brand,
    ADD COLUMN IF NOT EXISTS `hits.version` Array(UInt32) COMMENT '命中规则的版本，见 rules' AFTER `hits.rule`,
    ADD COLUMN IF NOT EXISTS `hits.start` Array(UInt32) COMMENT '首个命中词在原文中的起点（字符）' AFTER `hits.version`,
    ADD COLUMN IF NOT EXISTS `hits.stop` Array(UInt32) COMMENT '首个命中词在原文中的终点（字符，不含）；只按字段命中为 0' AFTER `hits.start`,
    ADD COLUMN IF NOT EXISTS `hits.variant` Array(LowCardinality(String)) COMMENT '命中的写法：exact 原样、inserted 夹符号、repeated 叠字、homophone 谐音、pinyin 拼音、split 拆字、abbreviation 缩写；只按字段命中为空' AFTER `hits.stop`;

ALTER TABLE shares
    ADD COLUMN IF NOT EXISTS `mentions.confidence` Array(Float32) COMMENT '对该品牌情感判断的把握，0 至 1' AFTER `mentions.score`,
    ADD COLUMN IF NOT EXISTS `mentions.evidence_start` Array(UInt32) COMMENT '判断依据在原文中的起点（字符）' AFTER `mentions.stop`,
    ADD COLUMN IF NOT EXISTS `mentions.evidence_stop` Array(UInt32) COMMENT '判断依据在原文中的终点（字符，不含）；无依据为 0' AFTER `mentions.evidence_start`,
    ADD COLUMN IF NOT EXISTS `aspects.aspect` Array(LowCardinality(String)) COMMENT '谈到的方面：屏幕、续航、客服等' AFTER `mentions.evidence_stop`,
    ADD COLUMN IF NOT EXISTS `aspects.brand` Array(LowCardinality(String)) COMMENT '该方面说的是哪个品牌，未点名为空' AFTER `aspects.aspect`,
    ADD COLUMN IF NOT EXISTS `aspects.sentiment` Array(LowCardinality(String)) COMMENT '对该方面的情感' AFTER `aspects.brand`,
    ADD COLUMN IF NOT EXISTS `aspects.score` Array(Float32) COMMENT '对该方面的情感倾向，-1 至 1' AFTER `aspects.sentiment`,
    ADD COLUMN IF NOT EXISTS `aspects.start` Array(UInt32) COMMENT '方面词在原文中的起点（字符）' AFTER `aspects.score`,
    ADD COLUMN IF NOT EXISTS `aspects.stop` Array(UInt32) COMMENT '方面词在原文中的终点（字符，不含）' AFTER `aspects.start`,
    ADD COLUMN IF NOT EXISTS stage LowCardinality(String) COMMENT '消费旅程：notice 关注、search 搜索、review 评测、buy 购买、use 使用、share 分享、scold 开骂；看不出为空' AFTER `aspects.stop`,
    ADD COLUMN IF NOT EXISTS intent LowCardinality(String) COMMENT '意图：question 提问、complaint 投诉、purchase 购买；看不出为空' AFTER stage,
    ADD COLUMN IF NOT EXISTS own_brand LowCardinality(String) COMMENT '转发者是哪个品牌的官方账号，不是为空' AFTER intent,
    ADD COLUMN IF NOT EXISTS `hits.rule` Array(LowCardinality(String)) COMMENT '命中的规则' AFTER own_brand,
    ADD COLUMN IF NOT EXISTS `hits.version` Array(UInt32) COMMENT '命中规则的版本，见 rules' AFTER `hits.rule`,
    ADD COLUMN IF NOT EXISTS `hits.start` Array(UInt32) COMMENT '首个命中词在原文中的起点（字符）' AFTER `hits.version`,
    ADD COLUMN IF NOT EXISTS `hits.stop` Array(UInt32) COMMENT '首个命中词在原文中的终点（字符，不含）；只按字段命中为 0' AFTER `hits.start`,
    ADD COLUMN IF NOT EXISTS `hits.variant` Array(LowCardinality(String)) COMMENT '命中的写法：exact 原样、inserted 夹符号、repeated 叠字、homophone 谐音、pinyin 拼音、split 拆字、abbreviation 缩写；只按字段命中为空' AFTER `hits.stop`;

CREATE TABLE judges
(
    judge UInt32 COMMENT '编号，与 posts、shares 的 judge 相同',
    digest String COMMENT '分析程序、设置与全部词典内容的散列',
    engine LowCardinality(String) COMMENT '情感引擎',
    lexicons Map(String, UInt32) COMMENT '各词典和品牌文件自称的版本',
    first_seen DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '首次使用的时间'
)
ENGINE = ReplacingMergeTree
ORDER BY (judge, digest)
COMMENT '分析版本：哪个编号是由哪些词典和设置得出的';

CREATE TABLE reloads
(
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '时间',
    worker LowCardinality(String) COMMENT '工作进程',
    what LowCardinality(String) COMMENT 'lexicons 词典和品牌，rules 规则',
    version String COMMENT '载入的版本；载入失败时为仍在使用的版本',
    error String COMMENT '载入失败的原因；成功为空'
)
ENGINE = MergeTree
ORDER BY (what, worker, at)
TTL toDateTime(at) + INTERVAL 90 DAY
COMMENT '工作进程每次载入词典和规则的结果';

CREATE TABLE rules
(
    name String COMMENT '规则名',
    version UInt32 COMMENT '版本，从 1 起，每次修改加一',
    kind LowCardinality(String) DEFAULT 'post' COMMENT '规则种类：post 逐帖',
    definition String COMMENT '规则全文（JSON）',
    removed Bool COMMENT '是否已删除',
    actor LowCardinality(String) COMMENT '修改人',
    via LowCardinality(String) COMMENT '修改途径：file 随文件放入、cli、page、api',
    note String COMMENT '修改说明',
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '修改时间'
)
ENGINE = MergeTree
ORDER BY (name, version)
COMMENT '规则的每个版本，只增不改';

CREATE VIEW rules_latest AS
SELECT * FROM (SELECT * FROM rules ORDER BY name, version DESC, at LIMIT 1 BY name) WHERE NOT removed
COMMENT '正在使用的规则';

CREATE TABLE corrections
(
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '更正时间',
    kind LowCardinality(String) COMMENT 'post 帖子，share 转发',
    platform LowCardinality(String) COMMENT '平台',
    id String COMMENT '帖子或转发的编号',
    brand LowCardinality(String) COMMENT '品牌',
    sentiment LowCardinality(String) COMMENT '更正后的情感：pos 正、neu 中、neg 负；空为撤销更正',
    judged LowCardinality(String) COMMENT '更正时程序的判断',
    actor LowCardinality(String) COMMENT '更正人',
    via LowCardinality(String) COMMENT '更正途径：cli、page、api',
    note String COMMENT '说明'
)
ENGINE = MergeTree
ORDER BY (platform, id, brand, at)
COMMENT '人对品牌提及情感的更正，只增不改，最后一次有效';

CREATE TABLE watermarks
(
    derived LowCardinality(String) COMMENT '派生表',
    topic LowCardinality(String) COMMENT 'Kafka 主题',
    epoch UInt32 COMMENT '主题的第几次创建，见 epochs；0 的一行记 landed_at',
    partition UInt16 COMMENT 'Kafka 分区',
    offset UInt64 COMMENT '已计入的最后位移',
    landed_at DateTime64(3, 'UTC') COMMENT '此时之前入库的都已计入（只在 epoch 为 0 的一行）',
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '计入的时间'
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (derived, topic, epoch, partition)
COMMENT '派生表已算到哪里';

CREATE OR REPLACE VIEW posts_latest AS
SELECT * FROM posts FINAL SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT '帖子，同一帖子只留最新一行';

CREATE OR REPLACE VIEW shares_latest AS
SELECT * FROM shares FINAL SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT '转发，同一转发只留最先一行';

CREATE OR REPLACE VIEW mentions AS
SELECT
    kind, platform, id, root_id, at, author_id, author_followers, author_verified, own_brand, brand,
    if(correction = '', judged_sentiment, correction) AS sentiment,
    if(correction = '', judged_score, transform(correction, ['pos', 'neg'], [1., -1.], 0.)) AS score,
    confidence, judged_sentiment, judged_score, corrected_by, corrected_at,
    start, stop, evidence_start, evidence_stop, stage, intent,
    text, likes, comments, reposts, campaign, channel, paid, origin, judge, appended_at, landed_at
FROM
(
    SELECT
        'post' AS kind, platform, post_id AS id, post_id AS root_id, published AS at,
        author_id, author_followers, author_verified, own_brand,
        brand, mention_sentiment AS judged_sentiment, mention_score AS judged_score, mention_confidence AS confidence,
        start, stop, evidence_start, evidence_stop, stage, intent,
        text, likes, comments, reposts, campaign, channel, paid, origin, judge, appended_at, landed_at
    FROM posts FINAL
    ARRAY JOIN
        mentions.brand AS brand, mentions.sentiment AS mention_sentiment, mentions.score AS mention_score,
        mentions.confidence AS mention_confidence, mentions.start AS start, mentions.stop AS stop,
        mentions.evidence_start AS evidence_start, mentions.evidence_stop AS evidence_stop
    UNION ALL
    SELECT
        'share' AS kind, platform, share_id AS id, root_id, shared AS at,
        user_id AS author_id, author_followers, author_verified, own_brand,
        brand, mention_sentiment AS judged_sentiment, mention_score AS judged_score, mention_confidence AS confidence,
        start, stop, evidence_start, evidence_stop, stage, intent,
        text, 0 AS likes, 0 AS comments, 0 AS reposts, campaign, channel, paid, origin, judge, appended_at, landed_at
    FROM shares FINAL
    ARRAY JOIN
        mentions.brand AS brand, mentions.sentiment AS mention_sentiment, mentions.score AS mention_score,
        mentions.confidence AS mention_confidence, mentions.start AS start, mentions.stop AS stop,
        mentions.evidence_start AS evidence_start, mentions.evidence_stop AS evidence_stop
) AS said
LEFT ANY JOIN
(
    SELECT
        cityHash64(kind, platform, id, brand) AS mention, argMax(sentiment, at) AS correction,
        argMax(actor, at) AS corrected_by, max(at) AS corrected_at
    FROM corrections
    GROUP BY mention
    HAVING correction != ''
) AS corrected ON cityHash64(said.kind, said.platform, said.id, said.brand) = corrected.mention
COMMENT '品牌提及：一帖或一次转发提及几个品牌就有几行；人的更正已计入';

CREATE VIEW aspects AS
SELECT
    platform, post_id AS id, published AS at, author_id, aspect, aspect_brand AS brand,
    aspect_sentiment AS sentiment, aspect_score AS score, start, stop, text, origin, judge
FROM posts FINAL
ARRAY JOIN
    aspects.aspect AS aspect, aspects.brand AS aspect_brand, aspects.sentiment AS aspect_sentiment,
    aspects.score AS aspect_score, aspects.start AS start, aspects.stop AS stop
COMMENT '帖子谈到的方面：一帖谈到几个方面就有几行';

CREATE VIEW hits AS
SELECT
    'post' AS kind, platform, post_id AS id, published AS at, author_id, rule, rule_version, start, stop, variant,
    text, origin, appended_at, landed_at
FROM posts FINAL
ARRAY JOIN
    hits.rule AS rule, hits.version AS rule_version, hits.start AS start, hits.stop AS stop, hits.variant AS variant
UNION ALL
SELECT
    'share' AS kind, platform, share_id AS id, shared AS at, user_id AS author_id, rule, rule_version, start, stop, variant,
    text, origin, appended_at, landed_at
FROM shares FINAL
ARRAY JOIN
    hits.rule AS rule, hits.version AS rule_version, hits.start AS start, hits.stop AS stop, hits.variant AS variant
COMMENT '规则命中：一帖或一次转发命中几条规则就有几行';
