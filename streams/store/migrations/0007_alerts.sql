-- Alerts, silences and cases: one log of all that happened to them, and what was sent because of it.

CREATE TABLE alert_log
(
    subject LowCardinality(String) COMMENT 'alert 告警，silence 静默，case 处置单，rejected 被拒的操作',
    id String COMMENT '告警、静默或处置单的编号',
    seq UInt32 COMMENT '第几件事，从 1 起',
    revision UInt32 COMMENT '第几次变化；同一件事之后只有计数变化时 seq 不变，保留最大者',
    at DateTime64(3, 'UTC') COMMENT '发生的时间',
    kind LowCardinality(String) COMMENT '事件：fired 触发、acknowledged 认领、silenced 静默、resolved 解除等',
    actor LowCardinality(String) COMMENT '谁做的；koubei 为系统',
    via LowCardinality(String) COMMENT '途径：cli、page、api、link；系统为空',
    source String COMMENT '来自哪个地址或主机',
    detail String COMMENT '说明',
    command String COMMENT '引起它的操作编号；没有为空',
    alert_id String COMMENT '相关告警',
    rule LowCardinality(String) COMMENT '规则',
    rule_version UInt32 COMMENT '规则的版本，见 rules',
    rule_kind LowCardinality(String) COMMENT '规则种类：post 逐帖、window 窗口、spike 激增、cascade 传播、absence 断流、silent 沉默',
    brand LowCardinality(String) COMMENT '品牌；没有为空',
    entity String COMMENT '除规则和品牌外所指：源头、作者或平台；没有为空',
    severity LowCardinality(String) COMMENT '级别：blue 一般、yellow 较大、orange 重大、red 特别重大',
    state LowCardinality(String) COMMENT '之后的状态',
    owner LowCardinality(String) COMMENT '负责人；未认领为空',
    first_fired DateTime64(3, 'UTC') COMMENT '首次触发的时间',
    last_fired DateTime64(3, 'UTC') COMMENT '最近一次触发的时间',
    count UInt64 COMMENT '逐帖规则为命中的帖子数，其他为成立的次数',
    window_start DateTime64(3, 'UTC') COMMENT '所涉帖子或窗口的起点',
    window_end DateTime64(3, 'UTC') COMMENT '所涉帖子或窗口的终点',
    value Float64 COMMENT '测得的值',
    expected Nullable(Float64) COMMENT '平时的值；没有为空',
    latency_ms Nullable(UInt32) COMMENT '从写入 Kafka 到交给通知渠道的毫秒数；没有渠道可交时到记录为止；还没有为空',
    sql String COMMENT '得出该值的查询',
    false_alarm Bool COMMENT '是否被人标为误报',
    stored Bool COMMENT '是否为旧事：只存，不发',
    snapshot String COMMENT '之后的全部内容（JSON），供程序接着处理',
    notices String COMMENT '因此要发的通知（JSON）',
    src_epoch UInt32 COMMENT '主题 alerts 的第几次创建，见 epochs；不因消息引起为 0',
    src_offset UInt64 COMMENT '引起它的消息在主题 alerts 中的位移',
    landed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '写入本表的时间',
    INDEX landed_at landed_at TYPE minmax GRANULARITY 1,
    INDEX command command TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (subject, id, seq)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '告警、静默和处置单的每一件事，只增不改';

CREATE TABLE notifications
(
    key String COMMENT '通知的编号，同一通知重发时不变',
    channel LowCardinality(String) COMMENT '渠道名',
    alert_id String COMMENT '告警',
    reason LowCardinality(String) COMMENT '为什么发：firing 触发、repeat 再次提醒、escalated 升级、resolved 解除等',
    state LowCardinality(String) COMMENT 'claimed 正在发、sent 已送达、refused 被拒、failed 未送达、unknown 不知是否送达、merged 并入另一条',
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '写入时间',
    attempts UInt8 COMMENT '试了几次',
    repeated Bool COMMENT '是否可能重复',
    code String COMMENT '平台的返回码',
    answer String COMMENT '平台的答复',
    merged_into String COMMENT '并入的那条通知；没有为空',
    version UInt64 DEFAULT toUInt64(toUnixTimestamp64Micro(now64(6))) COMMENT '同一通知同一渠道保留最大者'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (key, channel)
COMMENT '每条通知在每个渠道的结果';

CREATE VIEW alerts
(
    alert_id String COMMENT '告警编号',
    rule LowCardinality(String) COMMENT '规则',
    rule_version UInt32 COMMENT '规则的版本，见 rules',
    rule_kind LowCardinality(String) COMMENT '规则种类：post 逐帖、window 窗口、spike 激增、cascade 传播、absence 断流、silent 沉默',
    brand LowCardinality(String) COMMENT '品牌；没有为空',
    entity String COMMENT '除规则和品牌外所指：源头、作者或平台；没有为空',
    severity LowCardinality(String) COMMENT '级别：blue 一般、yellow 较大、orange 重大、red 特别重大',
    state LowCardinality(String) COMMENT 'pending 待确认、firing 触发中、acknowledged 已认领、silenced 已静默、resolved 已解除',
    owner LowCardinality(String) COMMENT '负责人；未认领为空',
    first_fired DateTime64(3, 'UTC') COMMENT '首次触发的时间',
    last_fired DateTime64(3, 'UTC') COMMENT '最近一次触发的时间',
    count UInt64 COMMENT '逐帖规则为命中的帖子数，其他为成立的次数',
    window_start DateTime64(3, 'UTC') COMMENT '所涉帖子或窗口的起点',
    window_end DateTime64(3, 'UTC') COMMENT '所涉帖子或窗口的终点',
    value Float64 COMMENT '最近一次测得的值',
    expected Nullable(Float64) COMMENT '平时的值；没有为空',
    latency_ms Nullable(UInt32) COMMENT '从写入 Kafka 到交给通知渠道的毫秒数；没有渠道可交时到记录为止；还没有为空',
    sql String COMMENT '得出该值的查询',
    false_alarm Bool COMMENT '是否被人标为误报',
    stored Bool COMMENT '是否为旧事：只存，不发',
    changed_at DateTime64(3, 'UTC') COMMENT '最近一件事的时间'
)
AS SELECT
    id AS alert_id, rule, rule_version, rule_kind, brand, entity, severity, state, owner, first_fired, last_fired, count,
    window_start, window_end, value, expected, latency_ms, sql, false_alarm, stored, at AS changed_at
FROM (SELECT * FROM alert_log WHERE subject = 'alert' ORDER BY id, seq DESC, revision DESC LIMIT 1 BY id)
COMMENT '每条告警现在的样子';

CREATE VIEW alert_events
(
    alert_id String COMMENT '告警编号',
    seq UInt32 COMMENT '第几件事，从 1 起',
    at DateTime64(3, 'UTC') COMMENT '发生的时间',
    kind LowCardinality(String) COMMENT '事件：fired 触发、acknowledged 认领、silenced 静默、resolved 解除等，见 docs/alerts.md',
    actor LowCardinality(String) COMMENT '谁做的；koubei 为系统',
    via LowCardinality(String) COMMENT '途径：cli、page、api、link；系统为空',
    source String COMMENT '来自哪个地址或主机',
    detail String COMMENT '说明',
    state LowCardinality(String) COMMENT '之后的状态',
    severity LowCardinality(String) COMMENT '级别：blue 一般、yellow 较大、orange 重大、red 特别重大',
    owner LowCardinality(String) COMMENT '之后的负责人；未认领为空',
    count UInt64 COMMENT '到此时的次数'
)
AS SELECT id AS alert_id, seq, at, kind, actor, via, source, detail, state, severity, owner, count
FROM alert_log FINAL
WHERE subject = 'alert' AND kind != 'counted'
COMMENT '告警经历的每一件事';

CREATE VIEW notifications_latest AS
SELECT * EXCEPT version FROM notifications FINAL
COMMENT '每条通知在每个渠道的最新结果';

CREATE VIEW silences
(
    silence_id String COMMENT '静默编号',
    state LowCardinality(String) COMMENT 'active 生效中、ended 已结束',
    alert_id String COMMENT '只静默这一条告警；空为不限',
    rule LowCardinality(String) COMMENT '只静默这条规则；空为不限',
    brand LowCardinality(String) COMMENT '只静默这个品牌；空为不限',
    severity LowCardinality(String) COMMENT '静默到哪一级为止；空为橙色，红色不静默',
    since DateTime64(3, 'UTC') COMMENT '开始时间',
    until DateTime64(3, 'UTC') COMMENT '结束时间',
    actor String COMMENT '谁设的',
    comment String COMMENT '原因'
)
AS SELECT
    id AS silence_id, state, JSONExtractString(snapshot, 'alert_id') AS alert_id, rule, brand, severity,
    first_fired AS since, window_end AS until, JSONExtractString(snapshot, 'actor') AS actor,
    JSONExtractString(snapshot, 'comment') AS comment
FROM (SELECT * FROM alert_log WHERE subject = 'silence' ORDER BY id, seq DESC, revision DESC LIMIT 1 BY id)
COMMENT '每次静默现在的样子：active 生效中，ended 已结束';

CREATE VIEW cases
(
    case_id String COMMENT '处置单编号',
    alert_id String COMMENT '相关告警',
    rule LowCardinality(String) COMMENT '规则',
    brand LowCardinality(String) COMMENT '品牌；没有为空',
    severity LowCardinality(String) COMMENT '级别：blue 一般、yellow 较大、orange 重大、red 特别重大',
    state LowCardinality(String) COMMENT 'found 发现、listening 聆听、interacting 互动、resolved 化解、closed 结案、reopened 重开',
    owner LowCardinality(String) COMMENT '负责人',
    opened_at DateTime64(3, 'UTC') COMMENT '建立的时间',
    respond_by DateTime64(3, 'UTC') COMMENT '首次回应的时限',
    resolve_by DateTime64(3, 'UTC') COMMENT '化解的时限',
    responded_at Nullable(DateTime64(3, 'UTC')) COMMENT '首次回应的时间；还没有为空',
    resolved_at Nullable(DateTime64(3, 'UTC')) COMMENT '化解的时间；还没有为空',
    closed_at Nullable(DateTime64(3, 'UTC')) COMMENT '结案的时间；还没有为空',
    outcome String COMMENT '结果',
    changed_at DateTime64(3, 'UTC') COMMENT '最近一件事的时间'
)
AS SELECT
    id AS case_id, alert_id, rule, brand, severity, state, owner,
    first_fired AS opened_at,
    fromUnixTimestamp64Milli(toInt64(JSONExtractFloat(snapshot, 'respond_by') * 1000), 'UTC') AS respond_by,
    fromUnixTimestamp64Milli(toInt64(JSONExtractFloat(snapshot, 'resolve_by') * 1000), 'UTC') AS resolve_by,
    nullIf(fromUnixTimestamp64Milli(toInt64(JSONExtractFloat(snapshot, 'responded_at') * 1000), 'UTC'), toDateTime64(0, 3, 'UTC')) AS responded_at,
    nullIf(fromUnixTimestamp64Milli(toInt64(JSONExtractFloat(snapshot, 'resolved_at') * 1000), 'UTC'), toDateTime64(0, 3, 'UTC')) AS resolved_at,
    nullIf(fromUnixTimestamp64Milli(toInt64(JSONExtractFloat(snapshot, 'closed_at') * 1000), 'UTC'), toDateTime64(0, 3, 'UTC')) AS closed_at,
    JSONExtractString(snapshot, 'outcome') AS outcome,
    at AS changed_at
FROM (SELECT * FROM alert_log WHERE subject = 'case' ORDER BY id, seq DESC, revision DESC LIMIT 1 BY id)
COMMENT '每张处置单现在的样子：found 发现、listening 聆听、interacting 互动、resolved 化解、closed 结案、reopened 重开';

CREATE VIEW case_events
(
    case_id String COMMENT '处置单编号',
    alert_id String COMMENT '相关告警',
    seq UInt32 COMMENT '第几件事，从 1 起',
    at DateTime64(3, 'UTC') COMMENT '发生的时间',
    kind LowCardinality(String) COMMENT '事件，见 docs/cases.md',
    actor LowCardinality(String) COMMENT '谁做的；koubei 为系统',
    via LowCardinality(String) COMMENT '途径：cli、page、api；系统为空',
    source String COMMENT '来自哪个地址或主机',
    detail String COMMENT '说明',
    state LowCardinality(String) COMMENT '之后的状态',
    severity LowCardinality(String) COMMENT '级别：blue 一般、yellow 较大、orange 重大、red 特别重大',
    owner LowCardinality(String) COMMENT '之后的负责人'
)
AS SELECT id AS case_id, alert_id, seq, at, kind, actor, via, source, detail, state, severity, owner
FROM alert_log FINAL
WHERE subject = 'case'
COMMENT '处置单经历的每一件事';
