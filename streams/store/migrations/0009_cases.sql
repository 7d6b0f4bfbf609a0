-- What came of alerts and cases: one row each, for tuning rules and for reports.

CREATE OR REPLACE VIEW alert_tuning
(
    alert_id String COMMENT '告警编号',
    rule LowCardinality(String) COMMENT '规则',
    rule_version UInt32 COMMENT '规则的版本，见 rules',
    brand LowCardinality(String) COMMENT '品牌；没有为空',
    severity LowCardinality(String) COMMENT '级别：blue 一般、yellow 较大、orange 重大、red 特别重大',
    state LowCardinality(String) COMMENT '现在的状态',
    first_fired DateTime64(3, 'UTC') COMMENT '首次触发的时间',
    false_alarm Bool COMMENT '是否被人标为误报',
    kind String COMMENT '规则的种类：post、window、spike、cascade、absence、silent',
    stored Bool COMMENT '是否为历史，只存不发',
    matches UInt64 COMMENT '逐帖规则为命中的帖子数，其他为成立的次数',
    highest Float64 COMMENT '测得的最大值',
    lowest Float64 COMMENT '测得的最小值',
    claimed_at Nullable(DateTime64(3, 'UTC')) COMMENT '首次有人认领或被指派的时间；没有为空',
    claim_seconds Nullable(Float64) COMMENT '从首次触发到有人认领或被指派的秒数；没有为空',
    ended_by_people Bool COMMENT '是否由人解除或标为误报',
    acted Bool COMMENT '有人认领、指派、记录、解除或建了处置单，且不是误报',
    wasted Bool COMMENT '误报，或没人动过就自行解除',
    notices UInt64 COMMENT '因它发出的通知数'
)
AS SELECT
    id AS alert_id, newest.1 AS rule, newest.2 AS rule_version, newest.3 AS brand, newest.4 AS severity, newest.5 AS state,
    newest.6 AS first_fired, newest.7 AS false_alarm, JSONExtractString(newest.8, 'kind') AS kind,
    JSONExtractBool(newest.8, 'stored') AS stored, matches, highest, lowest, claimed_at,
    if(isNull(claimed_at), NULL, greatest(0, toUnixTimestamp64Milli(claimed_at) - toUnixTimestamp64Milli(first_fired)) / 1000)
        AS claim_seconds,
    ended_by_people, NOT false_alarm AND (people_acted OR id IN (SELECT alert_id FROM alert_log WHERE subject = 'case')) AS acted,
    false_alarm OR state = 'resolved' AND NOT ended_by_people AND NOT acted AS wasted, ifNull(sent.notices, 0) AS notices
FROM
(
    SELECT
        id,
        argMax((rule, rule_version, brand, severity, state, first_fired, false_alarm, snapshot), (seq, revision)) AS newest,
        max(count) AS matches, max(value) AS highest, min(value) AS lowest,
        minOrNullIf(at, actor != 'koubei' AND kind IN ('acknowledged', 'assigned')) AS claimed_at,
        countIf(actor != 'koubei' AND kind IN ('resolved', 'false_alarm')) > 0 AS ended_by_people,
        countIf(actor != 'koubei' AND kind NOT IN ('rejected', 'false_alarm', 'silenced', 'unsilenced', 'unacknowledged')) > 0
            AS people_acted
    FROM alert_log
    WHERE subject = 'alert'
    GROUP BY id
) AS log
LEFT ANY JOIN
(
    SELECT alert_id, uniqExactIf(key, state IN ('sent', 'unknown')) AS notices FROM notifications FINAL GROUP BY alert_id
) AS sent ON sent.alert_id = log.id
COMMENT '每条告警值不值：acted 有人处理过，wasted 是误报或没人认领就自行解除，notices 发了几条通知';

CREATE OR REPLACE VIEW case_clocks
(
    case_id String COMMENT '处置单编号',
    alert_id String COMMENT '相关告警',
    rule LowCardinality(String) COMMENT '规则',
    brand LowCardinality(String) COMMENT '品牌；没有为空',
    severity LowCardinality(String) COMMENT '级别：blue 一般、yellow 较大、orange 重大、red 特别重大',
    state LowCardinality(String) COMMENT '现在的状态，见 cases',
    owner LowCardinality(String) COMMENT '负责人',
    opened_at DateTime64(3, 'UTC') COMMENT '打开的时间',
    reopened UInt32 COMMENT '重开了几次',
    response_seconds Nullable(Float64) COMMENT '从打开到首次回应的秒数；还没有为空',
    resolution_seconds Nullable(Float64) COMMENT '从打开到化解（未化解而结案的到结案）的秒数；还没有为空',
    responded_in_time Nullable(Bool) COMMENT '首次回应是否在时限内；还不知道，或未回应就结束为空',
    resolved_in_time Nullable(Bool) COMMENT '化解是否在时限内，曾超时为否；还不知道为空'
)
AS SELECT
    id AS case_id, alert_id, rule, brand, severity, state, owner, first_fired AS opened_at,
    JSONExtractUInt(snapshot, 'reopened') AS reopened,
    if(responded > 0, greatest(0, responded - opened), NULL) AS response_seconds,
    if(ended > 0, greatest(0, ended - opened), NULL) AS resolution_seconds,
    multiIf(arrayExists(mark -> startsWith(mark, 'respond:'), breached), false, responded > 0, true, NULL) AS responded_in_time,
    multiIf(arrayExists(mark -> startsWith(mark, 'resolve:'), breached), false, ended > 0, true, NULL) AS resolved_in_time
FROM
(
    SELECT
        *, JSONExtractFloat(snapshot, 'opened_at') AS opened, JSONExtractFloat(snapshot, 'responded_at') AS responded,
        if(JSONExtractFloat(snapshot, 'resolved_at') > 0, JSONExtractFloat(snapshot, 'resolved_at'), JSONExtractFloat(snapshot, 'closed_at'))
            AS ended,
        JSONExtract(snapshot, 'breached', 'Array(String)') AS breached
    FROM alert_log
    WHERE subject = 'case'
    ORDER BY id, seq DESC, revision DESC LIMIT 1 BY id
)
COMMENT '每张处置单的两个时限：从打开到首次回应、到化解的秒数，是否在时限内；还不知道的为空';
