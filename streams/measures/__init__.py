"""What is counted: every number of a dashboard, a report or an alert is one of `ALL`."""

from streams.measures import (
    authors,
    complaint_rate,
    complaints_exposed,
    engagement,
    engagement_rate,
    exposure,
    heat,
    mean_score,
    negative_share,
    net_sentiment,
    nsr,
    reach,
    reputation,
    share_of_voice,
    volume,
)
from streams.measures.base import Measure

ALL: tuple[Measure, ...] = (
    volume.MEASURE,
    authors.MEASURE,
    exposure.MEASURE,
    reach.MEASURE,
    nsr.MEASURE,
    net_sentiment.MEASURE,
    negative_share.MEASURE,
    reputation.MEASURE,
    mean_score.MEASURE,
    complaint_rate.MEASURE,
    complaints_exposed.MEASURE,
    engagement.MEASURE,
    engagement_rate.MEASURE,
    heat.MEASURE,
    share_of_voice.VOICE,
    share_of_voice.PRAISE,
    share_of_voice.BLAME,
    share_of_voice.ANSWERS,
)

BY_NAME = {measure.name: measure for measure in ALL}
