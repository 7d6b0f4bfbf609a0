-- Views hide FINAL: a reader never counts a post twice.

CREATE VIEW posts_latest AS
SELECT * FROM posts FINAL SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT '帖子，同一帖子只留最新一行';

CREATE VIEW shares_latest AS
SELECT * FROM shares FINAL SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT '转发，同一转发只留最先一行';

CREATE VIEW interactions_latest AS
SELECT * FROM interactions FINAL SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT '互动，同一互动只留最后一行';

CREATE VIEW dead_letters_latest AS
SELECT * FROM dead_letters FINAL
COMMENT '死信的当前状态';

CREATE VIEW mentions AS
SELECT
    'post' AS kind, platform, post_id AS id, post_id AS root_id, published AS at, author_id, author_followers,
    brand, mention_sentiment AS sentiment, mention_score AS score, start, stop,
    text, campaign, channel, paid, origin, judge, appended_at, landed_at
FROM posts FINAL
ARRAY JOIN
    mentions.brand AS brand, mentions.sentiment AS mention_sentiment, mentions.score AS mention_score,
    mentions.start AS start, mentions.stop AS stop
UNION ALL
SELECT
    'share' AS kind, platform, share_id AS id, root_id, shared AS at, user_id AS author_id, author_followers,
    brand, mention_sentiment AS sentiment, mention_score AS score, start, stop,
    text, campaign, channel, paid, origin, judge, appended_at, landed_at
FROM shares FINAL
ARRAY JOIN
    mentions.brand AS brand, mentions.sentiment AS mention_sentiment, mentions.score AS mention_score,
    mentions.start AS start, mentions.stop AS stop
COMMENT '品牌提及：一帖或一次转发提及几个品牌就有几行';
