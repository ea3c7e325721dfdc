"""Charts as inline SVG. They use the page's colours, so they follow its theme."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 520, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 16, 44
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


def curve(accuracies: Sequence[float], target: float) -> Markup:
    """A curve of the accuracy after each epoch, with a line at the accuracy for full points."""
    points = list(enumerate(accuracies, start=1))
    first, last = 1, len(points)

    def x(epoch: float) -> float:
        return LEFT + INNER_WIDTH * (epoch - first) / max(1, last - first)

    places = [(x(epoch), _y(accuracy, 1.0)) for epoch, accuracy in points]
    line = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
    dots = Markup().join(
        Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(*place)
        for place in places
    )
    description = (
        f"Accuracy after each of {last} epochs: {accuracies[-1]:.0%} at the end, "
        f"{max(accuracies):.0%} at best; {target:.0%} earns all points."
    )
    marks = [first, last] if last - first < 4 else [first, (first + last) // 2, last]
    drawn = [
        *(_rule(_y(v, 1.0), f"{v:.0%}") for v in (0.0, 0.25, 0.5, 0.75, 1.0)),
        Markup('<line class="target" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(
            LEFT, WIDTH - RIGHT, y=_y(target, 1.0)
        ),
        *(_x_label(x(epoch), str(epoch)) for epoch in dict.fromkeys(marks)),
        _x_title("epoch"),
        Markup('<polyline class="line" points="{}"/>').format(line),
        dots,
    ]
    return _svg("Training curve", description, drawn)


def histogram(
    values: Sequence[float], edges: Sequence[float], name: str, unit: str, target: float | None
) -> Markup:
    """Bars for the number of values between adjacent edges.

    An interval includes its lower end; only the last one also includes its upper end.
    """
    counts = [0] * (len(edges) - 1)
    for value in values:
        place = sum(value >= edge for edge in edges[1:-1])
        counts[place] += 1
    most = max([*counts, 1])
    width = INNER_WIDTH / len(counts)
    top_value = 1.12 * most  # leaves space for the number above the highest bar
    drawn = [_rule(_y(v, top_value), f"{v:g}") for v in _ticks(most)]
    for number, count in enumerate(counts):
        left, top = LEFT + number * width, _y(count, top_value)
        drawn.append(
            Markup(
                '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
            ).format(left + 1.5, top, width - 3, HEIGHT - BOTTOM - top)
        )
        if count:
            drawn.append(
                Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
                    left + width / 2, top - 4, count
                )
            )
    every = max(1, len(counts) // 8)
    for number, edge in enumerate(edges):
        if number % every == 0 or number == len(edges) - 1:
            drawn.append(_x_label(LEFT + number * width, f"{edge:g}"))
    drawn.append(_x_title(unit))
    if target is not None:
        at = LEFT + INNER_WIDTH * (target - edges[0]) / (edges[-1] - edges[0])
        drawn.append(
            Markup('<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{}" y2="{}"/>').format(
                TOP, HEIGHT - BOTTOM, x=at
            )
        )
    intervals = zip(edges[:-1], edges[1:], counts, strict=True)
    description = "; ".join(f"{a:g} to {b:g}: {count}" for a, b, count in intervals if count)
    return _svg(name, f"{len(values)} values. {description}", drawn)


def _ticks(most: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**6) if most / s <= 5)
    return list(range(0, most + 1, step))


def _y(value: float, top: float) -> float:
    return TOP + INNER_HEIGHT * (1 - value / top)


def _rule(y: float, label: str) -> Markup:
    """A horizontal grid line with its value."""
    return Markup(
        '<line class="rule" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    ).format(LEFT, WIDTH - RIGHT, LEFT - 8, y + 4, label, y=y)


def _x_label(x: float, label: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
        x, HEIGHT - BOTTOM + 18, label
    )


def _x_title(text: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
        LEFT + INNER_WIDTH / 2, HEIGHT - 6, text
    )


def _svg(name: str, description: str, drawn: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {} {}" aria-label="{}. {}">{}</svg>'
    ).format(WIDTH, HEIGHT, name, description, Markup().join(drawn))
