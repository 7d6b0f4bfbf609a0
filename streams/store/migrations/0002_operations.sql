-- What koubei itself must remember: topic incarnations, dead letters, landings.

CREATE TABLE epochs
(
    topic LowCardinality(String) COMMENT 'Kafka 主题',
    epoch UInt32 COMMENT '第几次创建，从 1 起',
    id String COMMENT 'Kafka 给这次创建的编号；内置 Kafka 为启动编号',
    first_seen DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '首次见到的时间'
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, id)
COMMENT '主题的每次创建：重建后位移从 0 重来，须与上次分开';

CREATE TABLE dead_letters
(
    topic LowCardinality(String) COMMENT '原主题',
    epoch UInt32 COMMENT '原主题的第几次创建，见 epochs',
    partition UInt16 COMMENT '原分区',
    offset UInt64 COMMENT '原位移',
    key String COMMENT '原消息的键',
    value String COMMENT '原始字节',
    size UInt64 COMMENT '原始长度（字节）',
    reason LowCardinality(String) COMMENT '原因类别',
    detail String COMMENT '具体原因',
    stage LowCardinality(String) COMMENT '出错阶段：decode 解码、insert 写入',
    koubei LowCardinality(String) COMMENT '处理它的 koubei 版本',
    appended_at DateTime64(3, 'UTC') COMMENT '写入 Kafka 的时间',
    failed_at DateTime64(3, 'UTC') COMMENT '放弃的时间',
    state LowCardinality(String) DEFAULT 'open' COMMENT 'open 待处理、replayed 已重放、dropped 已丢弃',
    actor LowCardinality(String) COMMENT '处理人',
    src_topic LowCardinality(String) DEFAULT 'dead-letters' COMMENT 'Kafka 主题',
    src_epoch UInt32 COMMENT '主题的第几次创建，见 epochs',
    src_partition UInt16 COMMENT 'Kafka 分区',
    src_offset UInt64 COMMENT 'Kafka 位移',
    landed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '写入本表的时间',
    version UInt64 DEFAULT bitShiftLeft(toUInt64(state != 'open'), 62) + toUInt64(toUnixTimestamp64Milli(landed_at))
        COMMENT '同一死信保留最大者：处理过的优先，再比时间',
    INDEX landed_at landed_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (topic, epoch, partition, offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '死信：无法入库的记录，原样保存';

CREATE TABLE landings
(
    at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '写入时间',
    worker LowCardinality(String) COMMENT '工作进程',
    topic LowCardinality(String) COMMENT 'Kafka 主题',
    epoch UInt32 COMMENT '主题的第几次创建，见 epochs',
    partition UInt16 COMMENT 'Kafka 分区',
    first_offset UInt64 COMMENT '首条位移',
    last_offset UInt64 COMMENT '末条位移',
    n_records UInt32 COMMENT '记录数',
    n_bad UInt32 COMMENT '其中的死信数',
    oldest_append DateTime64(3, 'UTC') COMMENT '最早一条写入 Kafka 的时间'
)
ENGINE = MergeTree
ORDER BY (at, topic, partition)
TTL toDateTime(at) + INTERVAL 30 DAY
COMMENT '每批入库的流水，供对账与延迟统计；不作去重依据';
