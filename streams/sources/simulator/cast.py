"""Who takes part in the demonstration: fictional brands, and people with profiles."""

from random import Random
from typing import NamedTuple

from streams.topics.post import Author

DAY = 86_400


class Maker(NamedTuple):
    """A fictional brand as the demonstration knows it; `lexicons/brands` knows it by the same name.

    Attributes:
        name: canonical name.
        products: how people write its product of the season.
        price: what that costs, in yuan.
    """

    name: str
    products: tuple[str, ...]
    price: float


HERO = Maker("星曜", ("星曜X1", "星曜X1", "星曜X1", "星曜 X1", "星曜X1 Pro", "星曜"), 3999.0)
RIVALS = (
    Maker("云岭", ("云岭S9", "云岭S9", "云岭 S9", "云岭折叠屏", "云岭"), 4299.0),
    Maker("极光", ("极光Note7", "极光 Note 7", "极光手机"), 2499.0),
)
MAKERS = (HERO, *RIVALS)

PLATFORMS = ("微博", "QQ空间", "小红书", "知乎", "论坛")
_PLATFORM_SHARE = (50, 22, 14, 6, 8)

_PLACES = {
    "广东": (11, "广州 深圳 东莞 佛山 惠州"),
    "江苏": (8, "南京 苏州 无锡 徐州"),
    "浙江": (7, "杭州 宁波 温州 金华"),
    "山东": (7, "济南 青岛 烟台 临沂"),
    "河南": (6, "郑州 洛阳 南阳"),
    "四川": (6, "成都 绵阳 德阳"),
    "湖北": (5, "武汉 宜昌 襄阳"),
    "湖南": (5, "长沙 株洲 衡阳"),
    "河北": (4, "石家庄 唐山 保定"),
    "福建": (4, "福州 厦门 泉州"),
    "北京": (5, "海淀 朝阳 丰台"),
    "上海": (5, "浦东 闵行 徐汇"),
    "安徽": (4, "合肥 芜湖 阜阳"),
    "陕西": (3, "西安 咸阳 宝鸡"),
    "辽宁": (3, "沈阳 大连"),
    "重庆": (3, "渝北 江北 万州"),
    "江西": (3, "南昌 赣州"),
    "广西": (3, "南宁 桂林 柳州"),
    "云南": (2, "昆明 大理"),
    "黑龙江": (2, "哈尔滨 大庆"),
    "山西": (2, "太原 大同"),
    "贵州": (2, "贵阳 遵义"),
    "吉林": (1, "长春 吉林"),
    "天津": (2, "南开 滨海"),
    "新疆": (1, "乌鲁木齐 喀什"),
    "甘肃": (1, "兰州 天水"),
    "内蒙古": (1, "呼和浩特 包头"),
    "海南": (1, "海口 三亚"),
    "宁夏": (1, "银川"),
    "青海": (1, "西宁"),
    "西藏": (1, "拉萨"),
}
_EDUCATION = ("", "", "高中", "大专", "大专", "本科", "本科", "本科", "硕士")
_INCOME = ("", "", "", "3千以下", "3千至8千", "3千至8千", "8千至1.5万", "1.5万至3万", "3万以上")
_DEVICES = (
    "星曜X1",
    "星曜M8",
    "星曜M8",
    "云岭S9",
    "云岭S8",
    "云岭S8",
    "极光Note7",
    "极光Note6",
    "其他安卓",
    "其他安卓",
    "平板",
    "",
)
_CLIENTS = {
    "微博": ("手机客户端", "手机客户端", "手机客户端", "网页版", "平板客户端"),
    "QQ空间": ("手机客户端", "手机客户端", "网页版"),
    "小红书": ("手机客户端",),
    "知乎": ("手机客户端", "网页版"),
    "论坛": ("网页版", "网页版", "手机客户端"),
}
_NICK_HEAD = (
    "爱吃橙子的",
    "早起的",
    "不加糖的",
    "慢半拍的",
    "南城",
    "北岸",
    "山脚下的",
    "一只",
    "今天也要",
    "晚睡的",
    "数码",
    "小镇",
    "胖胖的",
    "隔壁",
    "柠檬味的",
    "会飞的",
    "认真的",
    "路过的",
)
_NICK_TAIL = (
    "阿木",
    "小满",
    "大熊",
    "汽水",
    "老周",
    "豆包君",
    "西瓜",
    "团子",
    "阿澈",
    "木木",
    "栗子",
    "阿宁",
    "六便士",
    "小陈同学",
    "半夏",
    "皮皮",
    "老王",
    "柚子",
    "知秋",
    "石头",
)


class Person(NamedTuple):
    """Someone who posts.

    Attributes:
        author: the profile as events carry it.
        platform: where this person is.
        client: what this person writes with.
        nick: name behind an @.
    """

    author: Author
    platform: str
    client: str
    nick: str


class Cast:
    """Everyone in the demonstration; the same seed gives the same people.

    Args:
        rng: source of chance.
        start: Unix seconds; accounts were opened before.
        size: how many people.
    """

    def __init__(self, rng: Random, start: float, size: int = 12_000) -> None:
        self.people = [_person(rng, start, number) for number in range(size)]
        self.influential = sorted(
            (person for person in self.people if person.platform == "微博"),
            key=lambda person: -person.author.followers,
        )[:120]
        official = Author(
            id="demo-official",
            location="广东 深圳",
            device="星曜X1",
            followers=3_260_000,
            following=88,
            posts=5_210,
            verified=True,
            joined=start - 9 * 365 * DAY,
        )
        self.official = Person(official, "微博", "网页版", "星曜官方")

    def anyone(self, rng: Random) -> Person:
        """Someone; a few people speak far more often than the rest."""
        return self.people[int(len(self.people) * rng.random() ** 2)]


def _person(rng: Random, start: float, number: int) -> Person:
    platform = rng.choices(PLATFORMS, _PLATFORM_SHARE)[0]
    province = rng.choices(list(_PLACES), [weight for weight, _ in _PLACES.values()])[0]
    # followers: most have a few hundred, one in some thousand has millions
    followers = min(int(40 * (1 - rng.random()) ** -1.25), 8_000_000)
    age = int(rng.triangular(16, 58, 26))
    author = Author(
        id=f"demo-u{number}",
        gender=rng.choice(("m", "m", "f", "f", "f", "m", "")),
        age=age if rng.random() < 0.7 else 0,
        location=f"{province} {rng.choice(_PLACES[province][1].split())}" if rng.random() < 0.9 else "",
        education=rng.choice(_EDUCATION) if age > 18 else "",
        income=rng.choice(_INCOME) if age > 20 else "",
        device=rng.choice(_DEVICES),
        followers=followers,
        following=int(rng.lognormvariate(5.2, 0.8)),
        posts=int(rng.lognormvariate(6.0, 1.3)),
        verified=followers > 20_000 and rng.random() < 0.6,
        joined=float(int(start - DAY * rng.uniform(30, 4_000))),
    )
    digits = str(rng.randrange(10, 1000)) if rng.random() < 0.4 else ""
    nick = rng.choice(_NICK_HEAD) + rng.choice(_NICK_TAIL) + digits
    return Person(author, platform, rng.choice(_CLIENTS[platform]), nick)
