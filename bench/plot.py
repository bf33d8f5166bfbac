"""Bar charts as SVG, for the document."""

from dataclasses import dataclass
from html import escape

WIDTH, ROW, LEFT, RIGHT, TOP = 760, 30, 190, 90, 44

#: Colours for light and dark pages: ours, and all others.
OURS, OTHER, INK = "#c2410c", "#64748b", "#888888"


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its value, and its range from p10 to p90."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def colour(self) -> str:
        """Highlights ours."""
        return OURS if self.name.startswith("ours") else OTHER


def bars(title: str, unit: str, rows: list[Bar]) -> str:
    """A plot with one horizontal bar for each row, from zero."""
    most = max(row.high or row.value for row in rows) or 1
    height = TOP + ROW * len(rows) + 10
    parts = [text(12, 24, f"{title} ({unit})", "start", 15)]
    for place, row in enumerate(rows):
        parts += bar(row, TOP + ROW * place, (WIDTH - LEFT - RIGHT) / most)
    style = 'font-family="system-ui, sans-serif"'
    box = f'viewBox="0 0 {WIDTH} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" {style}>'
    return "\n".join([head, f"<title>{escape(title)}</title>", *parts, "</svg>", ""])


def bar(row: Bar, top: float, scale: float) -> list[str]:
    """The label, the bar, its range, and its value."""
    length = max(1.0, row.value * scale)
    end = LEFT + max(length, (row.high or 0) * scale)
    parts = [
        text(LEFT - 8, top + 15, row.name, "end", 13),
        f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{ROW - 10}" rx="2" '
        f'fill="{row.colour}"/>',
        text(end + 8, top + 15, short(row.value), "start", 13),
    ]
    if row.low is not None and row.high is not None:
        low, high, middle = LEFT + row.low * scale, LEFT + row.high * scale, top + (ROW - 10) / 2
        parts.append(f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="{INK}" stroke-width="2"/>')
    return parts


def text(x: float, y: float, words: str, anchor: str, size: int) -> str:
    """Text, in a colour for any background."""
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" fill="{INK}">{escape(words)}</text>'


def short(value: float) -> str:
    """A number with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
