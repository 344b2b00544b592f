package recipients

import "strings"

// Pasted makes a file of what a person has pasted: a block of cells stays as it is, and
// numbers in a row, "010-1111-2222, 010-3333-4444", come one to a line.
func Pasted(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var numbers []string
	inRow := false
	for line := range strings.Lines(text) {
		cells := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;/|\t\n、，；", r) })
		n := 0
		for _, cell := range cells {
			if cell = strings.TrimSpace(cell); cell == "" {
				continue
			}
			if !hasPhone([]string{cell}) {
				return text
			}
			numbers = append(numbers, cell)
			n++
		}
		inRow = inRow || n > 1
	}
	if !inRow {
		return text
	}
	return strings.Join(numbers, "\n") + "\n"
}
