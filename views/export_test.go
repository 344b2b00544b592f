package views

// What pages say of a code, for the tests of the words.
var (
	CodeMeaning = codeMeaning
	CodeToDo    = codeToDo
	SMSMeaning  = smsMeaning
)

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
