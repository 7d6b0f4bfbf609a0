from streams.cascades.bridges import bridges, communities, reposted


def test_who_stands_between_two_circles() -> None:
    circles = [
        (one, other) for circle in ("abcd", "mnop") for one in circle for other in circle if one < other
    ]
    reposts = reposted([*circles, *circles, ("x", "a"), ("x", "m"), ("x", "x")])
    label = communities(reposts)
    assert len({label[user] for user in "abcd"}) == len({label[user] for user in "mnop"}) == 1
    assert label["a"] != label["m"]
    [first, *others] = bridges(reposts, label)
    assert first == ("x", 1, 2, 0.5)
    assert [bridge.user for bridge in others] in (["a"], ["m"])


def test_without_reposts_there_are_no_communities() -> None:
    assert communities({("a", "a"): 3}) == {}
    assert bridges({}, {}) == []
