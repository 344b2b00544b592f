package views

import (
	"math"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// chart is a timeline as it is drawn: panels one above the other, over the same times.
type chart struct {
	panels []panel
	across []chartTick // times, from the left
}

// panel is lines that rise as more and more has happened, in a field of chartField by
// chartField that the browser stretches. What there is few of has one of its own, in
// which it can be seen.
type panel struct {
	lines []chartLine // in the order in which they are drawn
	up    []chartTick // numbers, from the top
}

// chartLine is what has happened of one kind.
type chartLine struct {
	kind  string // [lineHanded], or a part of the equation
	total int64
	path  string // of an SVG path
	area  string // below the line
}

// chartTick is a mark on an edge of the chart.
type chartTick struct {
	at   float64 // of the edge, in percent
	text string
}

// anchor is how a time is written at its mark, so that it does not stick out.
func (t chartTick) anchor() string {
	switch {
	case t.at < 6:
		return "start"
	case t.at > 94:
		return "end"
	}
	return "middle"
}

const (
	chartField = 1000
	chartRoom  = 1.08 // above the highest line
	ticksWide  = 5
)

// drawTimeline draws a timeline that is not empty. What came later than the rest is
// counted, and not drawn.
func drawTimeline(p Page, t models.Timeline) chart {
	c := chart{across: timeTicks(p, t.Begins(), t.Ends())}
	for _, of := range []struct {
		kinds []string
		marks int64
	}{
		{[]string{lineHanded, string(models.PartDelivered)}, 4},
		{[]string{string(models.PartSMS), string(models.PartFailed)}, 2},
	} {
		if drawn := drawPanel(p, t, of.kinds, of.marks); len(drawn.lines) > 0 {
			c.panels = append(c.panels, drawn)
		}
	}
	return c
}

// drawPanel draws lines of the same scale, with so many numbers beside it.
func drawPanel(p Page, t models.Timeline, kinds []string, marks int64) (drawn panel) {
	top := int64(1)
	for _, kind := range kinds {
		top = max(top, lineCount(t.Total(), kind)-lineCount(t.Later, kind))
	}
	for _, kind := range kinds {
		if n := lineCount(t.Total(), kind); n > 0 {
			path := linePath(t, kind, float64(top)*chartRoom)
			drawn.lines = append(drawn.lines, chartLine{kind: kind, total: n, path: path, area: path + "V" + coordinate(chartField) + "H0Z"})
		}
	}
	for _, n := range ticks(top, marks) {
		drawn.up = append(drawn.up, chartTick{100 - 100*float64(n)/(float64(top)*chartRoom), p.Short(n)})
	}
	return drawn
}

// lineHanded is the kind of the line that counts recipients handed over; the others are
// parts of the equation.
const lineHanded = "handed"

// lineCount is how many of a kind there are in a stretch.
func lineCount(s models.Stretch, kind string) int64 {
	switch kind {
	case lineHanded:
		return s.Handed
	case string(models.PartDelivered):
		return s.Delivered
	case string(models.PartSMS):
		return s.SMS
	case string(models.PartFailed):
		return s.Failed
	}
	panic("no line of " + kind)
}

// linePath is a line that rises by what each stretch has of a kind, from its beginning to
// its end, and stays level where nothing goes on.
func linePath(t models.Timeline, kind string, top float64) string {
	first := t.Stretches[0].From
	span := float64(t.Stretches[len(t.Stretches)-1].From + t.Step - first)
	x := func(minute int64) string { return coordinate(chartField * float64(minute-first) / span) }
	y := func(n int64) string { return coordinate(chartField * (1 - float64(n)/top)) }
	var b strings.Builder
	b.WriteString("M0," + y(0))
	sum, drawn := int64(0), first
	for _, s := range t.Stretches {
		n := lineCount(s, kind)
		if n == 0 {
			continue
		}
		if s.From > drawn {
			b.WriteString("H" + x(s.From))
		}
		sum, drawn = sum+n, s.From+t.Step
		b.WriteString("L" + x(drawn) + "," + y(sum))
	}
	return b.String() + "H" + coordinate(chartField)
}

// coordinate writes a length, to the tenth.
func coordinate(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

// ticks are round numbers from 0 to top: as many as there can be, no more than most beside
// 0, a round step apart.
func ticks(top, most int64) []int64 {
	step := int64(1)
	for i := 0; top/step > most && step <= math.MaxInt64/10; i++ {
		if i%3 == 1 {
			step = step / 2 * 5 // 2 → 5
		} else {
			step *= 2 // 1 → 2, 5 → 10
		}
	}
	var all []int64
	for n := range top/step + 1 {
		all = append(all, n*step)
	}
	return all
}

// timeSteps are how far the marks of times may be apart, in minutes.
func timeSteps() []int64 {
	const hour, day = 60, 24 * 60
	return []int64{1, 2, 5, 10, 15, 30, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 364 * day}
}

// timeTicks are times in Korea between two, round ones.
func timeTicks(p Page, from, to time.Time) []chartTick {
	span := to.Unix()/60 - from.Unix()/60
	steps := timeSteps()
	step := steps[len(steps)-1]
	for _, s := range steps {
		if span <= s*ticksWide {
			step = s
			break
		}
	}
	_, ahead := from.In(kakao.KST).Zone()
	begin := from.Unix()/60 + int64(ahead)/60 // minutes by the clock in Korea
	var all []chartTick
	for m := (begin + step - 1) / step * step; m <= begin+span; m += step {
		at := time.Unix(60*(m-int64(ahead)/60), 0)
		text := p.Minute(at)
		if m%(24*60) == 0 {
			text = p.Day(at)
		}
		all = append(all, chartTick{100 * float64(m-begin) / float64(span), text})
	}
	return all
}
