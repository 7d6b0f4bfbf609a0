-- Posts, shares and interactions: one row an event, facts only (docs/adr/0003).
-- `version` decides which of several rows with one sort key is kept; it is computed by the server.

CREATE TABLE posts
(
    platform LowCardinality(String) COMMENT '平台',
    post_id String COMMENT '平台上的帖子编号',
    published DateTime64(3, 'UTC') COMMENT '发布时间；晚于到达时间十分钟以上的记为到达时间，并在 flags 中注明',
    text String COMMENT '原文',
    title String COMMENT '标题',
    url String COMMENT '链接',
    reply_to String COMMENT '所回复帖子的编号',
    campaign LowCardinality(String) COMMENT '所属营销活动',
    channel LowCardinality(String) COMMENT '触达渠道',
    paid Bool COMMENT '是否付费推广',
    client LowCardinality(String) COMMENT '发帖所用客户端',
    pictures UInt32 COMMENT '图片数',
    likes UInt64 COMMENT '采集时的点赞数',
    comments UInt64 COMMENT '采集时的评论数',
    reposts UInt64 COMMENT '采集时的转发数',
    edited DateTime64(3, 'UTC') COMMENT '最后修改时间；未修改为 1970-01-01',
    author_id String COMMENT '作者编号（可为带密钥的散列）',
    author_gender LowCardinality(String) COMMENT '作者性别',
    author_age UInt8 COMMENT '作者年龄；未知为 0',
    author_location LowCardinality(String) COMMENT '作者所在地',
    author_education LowCardinality(String) COMMENT '作者学历',
    author_income LowCardinality(String) COMMENT '作者收入段',
    author_device LowCardinality(String) COMMENT '作者设备',
    author_followers UInt64 COMMENT '作者粉丝数',
    author_following UInt64 COMMENT '作者关注数',
    author_posts UInt64 COMMENT '作者发帖数',
    author_verified Bool COMMENT '作者是否认证',
    author_joined DateTime64(3, 'UTC') COMMENT '作者注册时间；未知为 1970-01-01',
    words String EPHEMERAL COMMENT '写入时用：以 0x1F 相连的分词',
    tokens Array(String) DEFAULT if(words = '', [], splitByChar('\x1f', words)) COMMENT '分词',
    sentiment LowCardinality(String) COMMENT '整篇情感：pos 正、neu 中、neg 负',
    score Float32 COMMENT '情感倾向，-1 至 1',
    confidence Float32 COMMENT '情感判断的把握，0 至 1',
    `mentions.brand` Array(LowCardinality(String)) COMMENT '提及的品牌',
    `mentions.sentiment` Array(LowCardinality(String)) COMMENT '对该品牌的情感',
    `mentions.score` Array(Float32) COMMENT '对该品牌的情感倾向，-1 至 1',
    `mentions.start` Array(UInt32) COMMENT '品牌词在原文中的起点（字符）',
    `mentions.stop` Array(UInt32) COMMENT '品牌词在原文中的终点（字符，不含）',
    simhash UInt64 COMMENT '近似重复指纹；0 表示尚未计算',
    judge UInt32 COMMENT '分析程序与词典的版本',
    judged_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '分析时间',
    origin LowCardinality(String) COMMENT '进入途径：demo、file、api 或来源名',
    flags LowCardinality(String) COMMENT '补写或修正过的字段，逗号分隔',
    src_topic LowCardinality(String) DEFAULT 'posts' COMMENT 'Kafka 主题',
    src_epoch UInt32 COMMENT '主题的第几次创建，见 epochs',
    src_partition UInt16 COMMENT 'Kafka 分区',
    src_offset UInt64 COMMENT 'Kafka 位移',
    appended_at DateTime64(3, 'UTC') COMMENT '写入 Kafka 的时间',
    landed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '写入本表的时间',
    version UInt128 DEFAULT bitShiftLeft(toUInt128(toUnixTimestamp64Milli(greatest(edited, published))), 84)
        + bitShiftLeft(toUInt128(judge), 64) + bitShiftLeft(toUInt128(src_epoch), 40) + src_offset
        COMMENT '同一帖子保留最大者：先比修改时间，再比分析版本、主题创建次序、位移',
    INDEX landed_at landed_at TYPE minmax GRANULARITY 1,
    INDEX post_id post_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(published)
ORDER BY (toStartOfHour(published), platform, post_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '帖子及其分析，一帖一行';

CREATE TABLE shares
(
    platform LowCardinality(String) COMMENT '平台',
    share_id String COMMENT '平台上的转发编号',
    root_id String COMMENT '传播源头帖子的编号',
    parent_id String COMMENT '被转发者：源头帖子或另一次转发的编号',
    user_id String COMMENT '转发者编号（可为带密钥的散列）',
    shared DateTime64(3, 'UTC') COMMENT '转发时间；晚于到达时间十分钟以上的记为到达时间，并在 flags 中注明',
    text String COMMENT '转发时写的话，可为空',
    tie LowCardinality(String) COMMENT '关系：strong 熟人、weak 陌生人、unknown 未知',
    targets UInt64 COMMENT '发给多少人；未知为 0',
    campaign LowCardinality(String) COMMENT '所属营销活动',
    channel LowCardinality(String) COMMENT '触达渠道',
    paid Bool COMMENT '是否付费推广',
    landing LowCardinality(String) COMMENT '落地页域名',
    author_gender LowCardinality(String) COMMENT '转发者性别',
    author_age UInt8 COMMENT '转发者年龄；未知为 0',
    author_location LowCardinality(String) COMMENT '转发者所在地',
    author_education LowCardinality(String) COMMENT '转发者学历',
    author_income LowCardinality(String) COMMENT '转发者收入段',
    author_device LowCardinality(String) COMMENT '转发者设备',
    author_followers UInt64 COMMENT '转发者粉丝数',
    author_following UInt64 COMMENT '转发者关注数',
    author_posts UInt64 COMMENT '转发者发帖数',
    author_verified Bool COMMENT '转发者是否认证',
    author_joined DateTime64(3, 'UTC') COMMENT '转发者注册时间；未知为 1970-01-01',
    words String EPHEMERAL COMMENT '写入时用：以 0x1F 相连的分词',
    tokens Array(String) DEFAULT if(words = '', [], splitByChar('\x1f', words)) COMMENT '分词',
    sentiment LowCardinality(String) COMMENT '情感：pos 正、neu 中、neg 负；没有写话为空',
    score Float32 COMMENT '情感倾向，-1 至 1',
    confidence Float32 COMMENT '情感判断的把握，0 至 1',
    `mentions.brand` Array(LowCardinality(String)) COMMENT '提及的品牌',
    `mentions.sentiment` Array(LowCardinality(String)) COMMENT '对该品牌的情感',
    `mentions.score` Array(Float32) COMMENT '对该品牌的情感倾向，-1 至 1',
    `mentions.start` Array(UInt32) COMMENT '品牌词在原文中的起点（字符）',
    `mentions.stop` Array(UInt32) COMMENT '品牌词在原文中的终点（字符，不含）',
    simhash UInt64 COMMENT '近似重复指纹；0 表示尚未计算',
    judge UInt32 COMMENT '分析程序与词典的版本',
    judged_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '分析时间',
    origin LowCardinality(String) COMMENT '进入途径：demo、file、api 或来源名',
    flags LowCardinality(String) COMMENT '补写或修正过的字段，逗号分隔',
    src_topic LowCardinality(String) DEFAULT 'shares' COMMENT 'Kafka 主题',
    src_epoch UInt32 COMMENT '主题的第几次创建，见 epochs',
    src_partition UInt16 COMMENT 'Kafka 分区',
    src_offset UInt64 COMMENT 'Kafka 位移',
    appended_at DateTime64(3, 'UTC') COMMENT '写入 Kafka 的时间',
    landed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '写入本表的时间',
    version UInt128 DEFAULT bitShiftLeft(toUInt128(bitNot(bitShiftLeft(toUInt64(src_epoch), 40) + src_offset)), 32) + judge
        COMMENT '同一转发保留最大者：先到者优先，再比分析版本',
    INDEX landed_at landed_at TYPE minmax GRANULARITY 1,
    INDEX shared shared TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY cityHash64(root_id) % 8
ORDER BY (root_id, share_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '转发，传播树的边，一次转发一行';

CREATE TABLE interactions
(
    platform LowCardinality(String) COMMENT '平台',
    id String COMMENT '平台上的互动编号',
    user_id String COMMENT '用户编号（可为带密钥的散列）',
    kind LowCardinality(String) COMMENT '互动种类：follow 关注、unfollow 取关、like 点赞、comment 评论、dialogue_in 来话、dialogue_out 回话、click 点击、reserve 预约、purchase 购买、claim 领取等',
    at DateTime64(3, 'UTC') COMMENT '发生时间；晚于到达时间十分钟以上的记为到达时间，并在 flags 中注明',
    brand LowCardinality(String) COMMENT '品牌',
    fan_origin LowCardinality(String) COMMENT '粉丝来路：活动、广告或好友',
    campaign LowCardinality(String) COMMENT '所属营销活动',
    channel LowCardinality(String) COMMENT '触达渠道',
    inviter String COMMENT '邀请人编号',
    site LowCardinality(String) COMMENT '站外来源网站',
    value Float64 COMMENT '数额，购买为金额',
    author_gender LowCardinality(String) COMMENT '用户性别',
    author_age UInt8 COMMENT '用户年龄；未知为 0',
    author_location LowCardinality(String) COMMENT '用户所在地',
    author_education LowCardinality(String) COMMENT '用户学历',
    author_income LowCardinality(String) COMMENT '用户收入段',
    author_device LowCardinality(String) COMMENT '用户设备',
    author_followers UInt64 COMMENT '用户粉丝数',
    author_following UInt64 COMMENT '用户关注数',
    author_posts UInt64 COMMENT '用户发帖数',
    author_verified Bool COMMENT '用户是否认证',
    author_joined DateTime64(3, 'UTC') COMMENT '用户注册时间；未知为 1970-01-01',
    origin LowCardinality(String) COMMENT '进入途径：demo、file、api 或来源名',
    flags LowCardinality(String) COMMENT '补写或修正过的字段，逗号分隔',
    src_topic LowCardinality(String) DEFAULT 'interactions' COMMENT 'Kafka 主题',
    src_epoch UInt32 COMMENT '主题的第几次创建，见 epochs',
    src_partition UInt16 COMMENT 'Kafka 分区',
    src_offset UInt64 COMMENT 'Kafka 位移',
    appended_at DateTime64(3, 'UTC') COMMENT '写入 Kafka 的时间',
    landed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '写入本表的时间',
    version UInt128 DEFAULT bitShiftLeft(toUInt128(src_epoch), 40) + src_offset
        COMMENT '同一互动保留最大者：后到者优先',
    INDEX landed_at landed_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(at)
ORDER BY (toStartOfHour(at), platform, id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '用户与品牌的互动，一次一行';
