-- What a window over hits needs: who wrote, how many read it, in which tone, in which cascade or thread.

CREATE OR REPLACE VIEW hits AS
SELECT
    'post' AS kind, platform, post_id AS id, if(reply_to = '', post_id, reply_to) AS root_id, published AS at, author_id, author_followers,
    own_brand, rule, rule_version, start, stop, variant, sentiment, `mentions.brand` AS brands, `mentions.sentiment` AS tones,
    text, origin, appended_at, landed_at
FROM posts FINAL
ARRAY JOIN
    hits.rule AS rule, hits.version AS rule_version, hits.start AS start, hits.stop AS stop, hits.variant AS variant
UNION ALL
SELECT
    'share' AS kind, platform, share_id AS id, root_id, shared AS at, user_id AS author_id, author_followers,
    own_brand, rule, rule_version, start, stop, variant, sentiment, `mentions.brand` AS brands, `mentions.sentiment` AS tones,
    text, origin, appended_at, landed_at
FROM shares FINAL
ARRAY JOIN
    hits.rule AS rule, hits.version AS rule_version, hits.start AS start, hits.stop AS stop, hits.variant AS variant
COMMENT '规则命中：一帖或一次转发命中几条规则就有几行；root_id 为所转发、所回复的帖子，否则为本帖；sentiment 为整篇情感，brands、tones 为提及的品牌和对各品牌的情感';

CREATE VIEW hits_organic AS
SELECT * FROM hits
WHERE (platform, author_id) NOT IN (SELECT platform, author_id FROM flagged_accounts FINAL WHERE label IN ('light', 'heavy'))
COMMENT '规则命中，不含轻度和重度水军的';
