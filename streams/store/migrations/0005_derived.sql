-- What follows from several records: copies, accounts, the views without 水军, and the words of each window.

CREATE TABLE duplicates
(
    kind LowCardinality(String) DEFAULT 'post' COMMENT 'post 帖子',
    platform LowCardinality(String) COMMENT '平台',
    id String COMMENT '帖子编号',
    published DateTime64(3, 'UTC') COMMENT '发布时间',
    author_id String COMMENT '作者编号（可为带密钥的散列）',
    leader_platform LowCardinality(String) COMMENT '同组最先到达者的平台',
    leader_id String COMMENT '同组最先到达者的编号；等于本帖即本帖最先',
    likeness Float32 COMMENT '与最先到达者的相似度，0 至 1',
    src_epoch UInt32 COMMENT '主题的第几次创建，见 epochs',
    src_partition UInt16 COMMENT 'Kafka 分区',
    src_offset UInt64 COMMENT 'Kafka 位移',
    appended_at DateTime64(3, 'UTC') COMMENT '写入 Kafka 的时间',
    counted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '归组的时间',
    INDEX counted_at counted_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(counted_at)
ORDER BY (platform, kind, id)
COMMENT '每帖属于哪一组近似重复';

CREATE VIEW duplicates_latest AS
SELECT * FROM duplicates FINAL
COMMENT '每帖属于哪一组近似重复，同一帖子只留最新一行';

CREATE VIEW duplicate_groups AS
SELECT
    leader_platform, leader_id, argMin((platform, id), (published, platform, id)) AS earliest,
    earliest.1 AS representative_platform, earliest.2 AS representative_id, count() AS copies,
    arraySort(groupUniqArray(toString(platform))) AS sources, uniqExact(platform, author_id) AS authors,
    min(published) AS first_seen, max(published) AS last_seen
FROM duplicates_latest
GROUP BY leader_platform, leader_id
HAVING copies > 1
COMMENT '近似重复的组：代表（最早发布者）、条数、平台、作者数、首末时间';

CREATE TABLE accounts
(
    platform LowCardinality(String) COMMENT '平台',
    author_id String COMMENT '作者编号（可为带密钥的散列）',
    posts UInt64 COMMENT '近 30 天的帖子数',
    copies UInt64 COMMENT '其中照抄他人或自己的',
    copy_ratio Float64 COMMENT '照抄的比例，0 至 1',
    burst UInt64 COMMENT '一分钟内最多发帖数',
    score UInt8 COMMENT '异常分 R，0 至 19',
    label LowCardinality(String) COMMENT '水军：none 无、suspected 疑似、light 轻度、heavy 重度',
    counted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '评定的时间'
)
ENGINE = ReplacingMergeTree(counted_at)
ORDER BY (platform, author_id)
COMMENT '账号的水军评定，每个作者一行';

CREATE VIEW accounts_latest AS
SELECT * FROM accounts FINAL
COMMENT '账号的水军评定，同一作者只留最新一行';

CREATE TABLE flagged_accounts
(
    platform LowCardinality(String) COMMENT '平台',
    author_id String COMMENT '作者编号（可为带密钥的散列）',
    label LowCardinality(String) COMMENT '最新评定，见 accounts',
    counted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '评定的时间'
)
ENGINE = ReplacingMergeTree(counted_at)
ORDER BY (platform, author_id)
COMMENT '曾评为轻度或重度水军的账号：去水军的视图只读这几行，不读全部 accounts';

CREATE VIEW posts_organic AS
SELECT * FROM posts_latest
WHERE (platform, author_id) NOT IN (SELECT platform, author_id FROM flagged_accounts FINAL WHERE label IN ('light', 'heavy'))
COMMENT '帖子，不含轻度和重度水军的';

CREATE VIEW shares_organic AS
SELECT * FROM shares_latest
WHERE (platform, user_id) NOT IN (SELECT platform, author_id FROM flagged_accounts FINAL WHERE label IN ('light', 'heavy'))
COMMENT '转发，不含轻度和重度水军的';

CREATE VIEW mentions_organic AS
SELECT * FROM mentions
WHERE (platform, author_id) NOT IN (SELECT platform, author_id FROM flagged_accounts FINAL WHERE label IN ('light', 'heavy'))
COMMENT '品牌提及，不含轻度和重度水军的';

CREATE TABLE term_counts
(
    span UInt32 COMMENT '窗口长度（秒）：300 或 3600',
    brand LowCardinality(String) COMMENT '提及的品牌；空为全部帖子',
    bucket DateTime('UTC') COMMENT '窗口起点',
    term String COMMENT '词；空的一行记帖子总数',
    posts UInt32 COMMENT '含该词的帖子数',
    pos UInt32 COMMENT '其中正面的',
    neg UInt32 COMMENT '其中负面的',
    organic_posts UInt32 COMMENT '含该词的帖子数，不含水军',
    organic_pos UInt32 COMMENT '其中正面的，不含水军',
    organic_neg UInt32 COMMENT '其中负面的，不含水军',
    version UInt64 COMMENT '哪一次统计，以 term_windows 中的为准'
)
ENGINE = MergeTree
ORDER BY (span, brand, bucket, term)
COMMENT '每个窗口每个品牌的词频，整窗统计，只增不改';

CREATE TABLE term_windows
(
    span UInt32 COMMENT '窗口长度（秒）',
    bucket DateTime('UTC') COMMENT '窗口起点',
    version UInt64 COMMENT '有效的那次统计：此刻（Unix 毫秒）之前入库的帖子都已计入'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (span, bucket)
COMMENT '已统计词频的窗口';

CREATE VIEW post_terms AS
SELECT at, platform, id, named.1 AS brand, named.2 AS sentiment, term
FROM
(
    SELECT
        published AS at, platform, post_id AS id,
        arrayJoin(arrayConcat([('', toString(sentiment))], arrayZip(arrayMap(b -> toString(b), mentions.brand), arrayMap(s -> toString(s), mentions.sentiment)))) AS named,
        arrayConcat([''], arrayDistinct(arrayFilter(w -> lengthUTF8(w) >= 2 AND match(w, '[A-Za-z一-鿿]') AND (noise = '' OR position(noise, w) = 0), tokens))) AS found,
        if(multiSearchAny(text, ['@', '[', '.']), lower(arrayStringConcat(extractAll(text, '(?:https?://|www\\.|[A-Za-z0-9-]{1,30}\\.(?:com|cn|net)/)[!-~]+|@[0-9A-Za-z_一-鿿·-]+|\\[[0-9A-Za-z_一-鿿]{1,8}\\]'), ' ')), '') AS noise
    FROM posts_latest
)
ARRAY JOIN found AS term
COMMENT '帖子中的词：一帖每个提及的品牌（空为不分品牌）每个词一行；词为空的一行代表帖子本身';

CREATE VIEW post_terms_organic AS
SELECT at, platform, id, named.1 AS brand, named.2 AS sentiment, term
FROM
(
    SELECT
        published AS at, platform, post_id AS id,
        arrayJoin(arrayConcat([('', toString(sentiment))], arrayZip(arrayMap(b -> toString(b), mentions.brand), arrayMap(s -> toString(s), mentions.sentiment)))) AS named,
        arrayConcat([''], arrayDistinct(arrayFilter(w -> lengthUTF8(w) >= 2 AND match(w, '[A-Za-z一-鿿]') AND (noise = '' OR position(noise, w) = 0), tokens))) AS found,
        if(multiSearchAny(text, ['@', '[', '.']), lower(arrayStringConcat(extractAll(text, '(?:https?://|www\\.|[A-Za-z0-9-]{1,30}\\.(?:com|cn|net)/)[!-~]+|@[0-9A-Za-z_一-鿿·-]+|\\[[0-9A-Za-z_一-鿿]{1,8}\\]'), ' ')), '') AS noise
    FROM posts_organic
)
ARRAY JOIN found AS term
COMMENT '帖子中的词：一帖每个提及的品牌（空为不分品牌）每个词一行；词为空的一行代表帖子本身；不含水军';

CREATE VIEW terms AS
SELECT span, brand, bucket, term, posts AS posts, pos AS pos, neg AS neg
FROM term_counts
WHERE (span, bucket, version) IN (SELECT span, bucket, version FROM term_windows FINAL)
UNION ALL
SELECT 300 AS span, brand, toStartOfFiveMinutes(at) AS bucket, term, 1 AS posts, sentiment = 'pos' AS pos, sentiment = 'neg' AS neg
FROM post_terms
WHERE at >= (SELECT max(addSeconds(bucket, span)) FROM term_windows WHERE span = 300)
UNION ALL
SELECT 3600 AS span, brand, toStartOfHour(fine.bucket) AS bucket, term, posts AS posts, pos AS pos, neg AS neg
FROM term_counts AS fine
WHERE fine.span = 300 AND (fine.span, fine.bucket, fine.version) IN (SELECT span, bucket, version FROM term_windows FINAL)
  AND fine.bucket >= (SELECT max(addSeconds(bucket, span)) FROM term_windows WHERE span = 3600)
UNION ALL
SELECT 3600 AS span, brand, toStartOfHour(at) AS bucket, term, 1 AS posts, sentiment = 'pos' AS pos, sentiment = 'neg' AS neg
FROM post_terms
WHERE at >= (SELECT max(addSeconds(bucket, span)) FROM term_windows)
COMMENT '各窗口各品牌含某词的帖子数：统计过的取自 term_counts，其后的直接来自帖子；一次只用一种 span，各列求和';

CREATE VIEW terms_organic AS
SELECT span, brand, bucket, term, organic_posts AS posts, organic_pos AS pos, organic_neg AS neg
FROM term_counts
WHERE (span, bucket, version) IN (SELECT span, bucket, version FROM term_windows FINAL)
UNION ALL
SELECT 300 AS span, brand, toStartOfFiveMinutes(at) AS bucket, term, 1 AS posts, sentiment = 'pos' AS pos, sentiment = 'neg' AS neg
FROM post_terms_organic
WHERE at >= (SELECT max(addSeconds(bucket, span)) FROM term_windows WHERE span = 300)
UNION ALL
SELECT 3600 AS span, brand, toStartOfHour(fine.bucket) AS bucket, term, organic_posts AS posts, organic_pos AS pos, organic_neg AS neg
FROM term_counts AS fine
WHERE fine.span = 300 AND (fine.span, fine.bucket, fine.version) IN (SELECT span, bucket, version FROM term_windows FINAL)
  AND fine.bucket >= (SELECT max(addSeconds(bucket, span)) FROM term_windows WHERE span = 3600)
UNION ALL
SELECT 3600 AS span, brand, toStartOfHour(at) AS bucket, term, 1 AS posts, sentiment = 'pos' AS pos, sentiment = 'neg' AS neg
FROM post_terms_organic
WHERE at >= (SELECT max(addSeconds(bucket, span)) FROM term_windows)
COMMENT '各窗口各品牌含某词的帖子数，不含水军：统计过的取自 term_counts，其后的直接来自帖子；一次只用一种 span，各列求和';
