package views

import "iter"

// What pages say of a code, for the tests of the words.
var (
	CodeMeaning = codeMeaning
	CodeToDo    = codeToDo
	SMSMeaning  = smsMeaning
)

// How a timeline is drawn, for the tests of the chart.
var (
	Ticks        = ticks
	DrawTimeline = drawTimeline
)

func (c chart) Panels() []panel { return c.panels }

// Lines are the paths of the panel's lines, by their kind.
func (p panel) Lines() iter.Seq2[string, string] {
	return func(yield func(kind, path string) bool) {
		for _, l := range p.lines {
			if !yield(l.kind, l.path) {
				return
			}
		}
	}
}

// Up are the numbers on the left, with how far from the top they are.
func (p panel) Up() map[string]float64 { return marks(p.up) }

// Across are the times below, with how far from the left they are.
func (c chart) Across() map[string]float64 { return marks(c.across) }

func marks(ticks []chartTick) map[string]float64 {
	found := map[string]float64{}
	for _, t := range ticks {
		found[t.text] = t.at
	}
	return found
}

// What tests see of the overview's drawing.
const DaysHeight = daysHeight

// Rate is a share in words.
var Rate = rate

// DayHeights are how high the days are drawn.
func DayHeights(b Board) []int {
	var heights []int
	for _, d := range b.bars() {
		heights = append(heights, d.delivered+d.sms+d.failed)
	}
	return heights
}

// Bar are the widths of the parts of the equation's bar, from the left, and whether each
// begins where the one before ends.
func (v Progress) Bar() (widths map[int64]float64, whole bool) {
	widths, whole = map[int64]float64{}, true
	end := 0.0
	for _, s := range v.segments() {
		whole = whole && s.x > end-0.001 && s.x < end+0.001
		widths[s.count], end = s.w, s.x+s.w
	}
	return widths, whole && end > 99.999 && end < 100.001
}
