from bench.report import Figure, Section, ratio, ratios, spread, table


def test_ratios_are_taken_round_by_round() -> None:
    ours, theirs = [100.0, 300.0, 90.0], [10.0, 60.0, 10.0]
    assert ratio(ours, theirs) == 9.0
    assert ratios(ours, theirs) == "9.0 (5.0–10.0) ×"
    assert spread([1234.0]) == "1,234"


def test_a_section_names_its_command_and_shows_its_table() -> None:
    figure = Figure("what", "1", "2", met=False)
    section = Section("engine", "Engines", "How.", ("a", "b"), [("x", "1")], [figure], ["A note."])
    page = section.markdown()
    assert "`python -m bench engine`" in page
    assert table(("a", "b"), [("x", "1")]) in page
    assert page.endswith("- A note.\n")
