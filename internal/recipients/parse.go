package recipients

import (
	"iter"
	"strings"

	"soshik/internal/kakao"
)

// Parse makes recipients of the rows of a file. For a row that is none the error is
// a [*Problem], and the next row follows. Any other error is of the whole file, and
// the last that is yielded: [ErrEmpty], [ErrOnlyHeader], [ErrNoPhoneColumn], a
// [*ColumnError], a [*VariableError], or what reading failed with.
func Parse(rows iter.Seq2[Row, error], m Mapping) iter.Seq2[Recipient, error] {
	return func(yield func(Recipient, error) bool) {
		p := newParser(m)
		for row, err := range rows {
			if err == nil {
				err = p.accept(row)
			}
			if err != nil {
				yield(Recipient{}, err)
				return
			}
			if row.Header {
				continue
			}
			recipient, problem := p.recipient(row)
			if problem != nil {
				err = problem
			}
			if !yield(recipient, err) {
				return
			}
		}
		if err := emptiness(p.header, p.rows); err != nil {
			yield(Recipient{}, err)
		}
	}
}

// parser holds what the rows of a file share.
type parser struct {
	mapping Mapping
	keys    [][]byte // of each variable, what stands before its value: `{"이름":`
	vars    []byte
	checked bool
	header  bool // there was one
	rows    bool // there were some
}

func newParser(m Mapping) *parser {
	p := &parser{mapping: m}
	for i, v := range m.Variables {
		key := []byte{','}
		if i == 0 {
			key = []byte{'{'}
		}
		p.keys = append(p.keys, append(AppendJSONString(key, v.Name), ':'))
	}
	return p
}

// accept takes note of a row, and checks the mapping as soon as the columns are known.
func (p *parser) accept(row Row) error {
	p.header = p.header || row.Header
	p.rows = p.rows || !row.Header
	if p.checked || row.Columns == 0 {
		return nil
	}
	p.checked = true
	return p.mapping.check(row.Columns)
}

// recipient is the recipient of a row, or why it has none.
func (p *parser) recipient(row Row) (Recipient, *Problem) {
	if row.Reason != "" {
		return Recipient{}, newProblem(row, badColumn(row), row.Reason)
	}
	for _, column := range row.Broken {
		if p.mapping.uses(column) {
			return Recipient{}, newProblem(row, column, ReasonFormula)
		}
	}
	raw := field(row, p.mapping.PhoneColumn)
	phone, repaired, reason := kakao.NormalizePhone(raw)
	if reason == kakao.PhoneForeign && p.mapping.International {
		phone, reason = foreignPhone(raw)
	}
	if reason != "" {
		return Recipient{}, newProblem(row, p.mapping.PhoneColumn, Reason(reason))
	}
	return Recipient{
		Line: row.Line, Phone: phone, Vars: p.object(row),
		Repaired: repaired, Short: len(row.Fields) < row.Columns, Raw: raw,
	}, nil
}

// object is the row's variables as a JSON object, in memory that the next row uses
// again.
func (p *parser) object(row Row) []byte {
	vars := p.vars[:0]
	for i, v := range p.mapping.Variables {
		vars = AppendJSONString(append(vars, p.keys[i]...), clean(field(row, v.Column)))
	}
	if len(p.keys) == 0 {
		vars = append(vars, '{')
	}
	vars = append(vars, '}')
	p.vars = vars
	return vars
}

// field is "" where the row is too short.
func field(row Row, column int) string {
	if column >= len(row.Fields) {
		return ""
	}
	return row.Fields[column]
}

func newProblem(row Row, column int, reason Reason) *Problem {
	p := &Problem{Line: row.Line, Offset: row.Offset, Size: row.Size, Column: column, Reason: reason}
	if column >= 0 {
		p.Value = strings.Clone(shorten(field(row, column)))
	}
	return p
}

// badColumn is the column that makes a row unusable, or -1 when it is no single one.
func badColumn(row Row) int {
	switch row.Reason {
	case ReasonEncoding:
		for i, s := range row.Fields {
			if strings.Contains(s, badRune) {
				return i
			}
		}
	case ReasonColumns:
		return row.Columns
	default:
	}
	return -1
}
