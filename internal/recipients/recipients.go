// Package recipients turns the bytes of a recipient file into recipients and into
// the reasons why a row is none. It streams: its memory does not grow with the file.
// It knows no database and changes nothing.
//
// The way of a file: [Detect] looks at its first bytes, a [Reader] parts it into
// rows, [Preview] takes the first of them for a person to look at, [SuggestMapping]
// guesses which column is what, and [Parse] makes recipients of the rows. The rows
// of a [Workbook] take the same way.
package recipients

import (
	"fmt"
	"slices"

	"soshik/internal/kakao"
)

// A Reason says why a row is refused. Its values are stable, so that they can be
// stored: those of [kakao.PhoneReason], and those below.
type Reason string

// What can be wrong with a row as such.
const (
	ReasonEncoding Reason = "row_encoding" // bytes that cannot be read in the file's encoding
	ReasonQuote    Reason = "row_quote"    // a quote is opened and not closed
	ReasonTooLong  Reason = "row_too_long" // more than [MaxRecord] bytes
	ReasonColumns  Reason = "row_columns"  // text in more columns than the file has, or more than [MaxColumns]
	ReasonFormula  Reason = "row_formula"  // a cell that is used has a formula that went wrong or whose value is not in the file
)

// Reasons are all reasons, so that a test can walk them.
func Reasons() []Reason {
	all := []Reason{ReasonEncoding, ReasonQuote, ReasonTooLong, ReasonColumns, ReasonFormula}
	for _, r := range kakao.PhoneReasons() {
		all = append(all, Reason(r))
	}
	return all
}

// A Row is one record of a file.
type Row struct {
	Line    int64    // in the file, of the record's first line; the first is 1
	Offset  int64    // of the record's first byte in the file
	Size    int64    // in bytes of the file, with the line break
	Header  bool     // the record names the columns
	Columns int      // of the file, not of this row; 0 before the first readable row
	Fields  []string // decoded, as they stand in the file; valid until the next row is read
	Broken  []int    // columns of a sheet whose formula went wrong or has no value
	Reason  Reason   // what makes the row unusable, or ""
}

// Clone is a copy of r that stays valid.
func (r Row) Clone() Row {
	r.Fields, r.Broken = slices.Clone(r.Fields), slices.Clone(r.Broken)
	return r
}

// A Recipient is a row that a message can be sent to.
type Recipient struct {
	Line     int64
	Phone    string // 10 or 11 digits that begin with 0; of another country, + and up to 14 digits
	Vars     []byte // a JSON object of strings, in the mapping's order; valid until the next row
	Repaired bool   // the number was not written as usual, see [kakao.NormalizePhone]
	Short    bool   // the row has fewer columns than the file; the missing values are empty
	Raw      string // the number as it stands in the file
}

// A Problem is a row that no message can be sent to. It is an error, so that
// [Parse] can yield it; its text is not for people.
//
//nolint:errname // a row's problem is no failure of the program
type Problem struct {
	Line   int64
	Offset int64  // of the record in the file, and
	Size   int64  // its bytes, to copy it into a file of what was refused
	Column int    // the first is 0; -1 where it is the row as such
	Value  string // of the column, cut after a few hundred bytes; "" for a row as such
	Reason Reason
}

func (p *Problem) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Reason)
}
