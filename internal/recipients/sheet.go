package recipients

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// sheetReader reads the rows of a sheet.
type sheetReader struct {
	xml    *xmlReader
	texts  *sharedTexts
	styles []numberFormat
	date04 bool
	inside bool  // of the rows
	line   int64 // of the last row

	cells  []sheetCell
	text   []byte // of the cells
	fields []string
	broken []int
}

// sheetCell is a cell with text; start and end are where that stands.
type sheetCell struct {
	column, start, end int
	broken             bool // a formula that went wrong, or whose value is not in the file
}

// next is the next row that has any text, or io.EOF. Its fields are overwritten by
// the next call, though their text is not.
func (s *sheetReader) next() (Row, error) {
	for {
		if err := s.xml.next(); err != nil {
			if errors.Is(err, io.EOF) && s.inside {
				return Row{}, errXML
			}
			return Row{}, err
		}
		switch {
		case string(s.xml.name) == "sheetData":
			if s.inside = !s.xml.ending; !s.inside {
				return Row{}, io.EOF
			}
		case s.inside && s.xml.opens("row"):
			row, err := s.row()
			if err != nil || len(row.Fields) > 0 || row.Reason != "" {
				return row, err
			}
		}
	}
}

// row reads a row that has begun.
func (s *sheetReader) row() (Row, error) {
	s.line = max(s.line+1, min(int64(s.xml.attrInt("r")), maxLine))
	row := Row{Line: s.line}
	s.cells, s.text = s.cells[:0], s.text[:0]
	for column := 0; ; column++ {
		if err := s.xml.next(); err != nil {
			return row, unexpected(err)
		}
		switch {
		case s.xml.ends("row"):
			row.Fields, row.Broken = s.cut()
			return row, nil
		case s.xml.opens("c"):
			column = cellColumn(s.xml.attr("r"), column)
			if err := s.cell(column); err != nil {
				return row, err
			}
		default:
			column--
		}
		if len(s.text) > MaxRecord {
			row.Reason = ReasonTooLong
			s.cells, s.text = s.cells[:0], s.text[:0]
		}
	}
}

// maxLine is the last row that a sheet can have, and more.
const maxLine = 1 << 31

// cellColumn is the column that a cell's name says, as in "AB12", else otherwise.
func cellColumn(name []byte, otherwise int) int {
	n := 0
	for _, c := range name {
		if c |= 0x20; c < 'a' || c > 'z' || n > MaxColumns {
			break
		}
		n = n*26 + int(c-'a') + 1
	}
	if n == 0 {
		return otherwise
	}
	return n - 1
}

// cell reads a cell that has begun.
func (s *sheetReader) cell(column int) error {
	x := s.xml
	kind, style := cellKind(x.attr("t")), x.attrInt("s")
	formula, valued := false, false
	start := len(s.text)
	for {
		if err := x.next(); err != nil {
			return unexpected(err)
		}
		var err error
		switch {
		case x.ends("c"):
			s.keep(column, start, kind == kindError || formula && !valued)
			return nil
		case x.opens("f"):
			formula = true
		case x.opens("is"):
			if err = x.richText("is"); err == nil {
				s.text = appendCellText(s.text, x.text)
			}
		case x.opens("v"):
			valued = true
			if err = s.value(); err == nil {
				err = s.show(kind, style)
			}
		}
		if err != nil {
			return err
		}
	}
}

// value gathers what stands between <v> and </v>.
func (s *sheetReader) value() error {
	x := s.xml
	x.text, x.keep = x.text[:0], true
	err := x.next()
	x.keep = false
	if err == nil && !x.ends("v") {
		err = errXML
	}
	return unexpected(err)
}

// The types of cells that differ in how their values are read.
type cellType int

const (
	kindNumber cellType = iota
	kindShared
	kindText
	kindBool
	kindDate
	kindError
)

func cellKind(t []byte) cellType {
	switch string(t) {
	case "s":
		return kindShared
	case "str", "inlineStr":
		return kindText
	case "b":
		return kindBool
	case "d":
		return kindDate
	case "e":
		return kindError
	}
	return kindNumber
}

// show appends what people see in a cell with the value that was gathered.
func (s *sheetReader) show(kind cellType, style int) (err error) {
	value := s.xml.text
	switch kind {
	case kindShared:
		s.text, err = s.texts.append(s.text, smallInt(value))
	case kindText:
		s.text = appendCellText(s.text, value)
	case kindBool:
		word := "FALSE"
		if string(value) == "1" {
			word = "TRUE"
		}
		s.text = append(s.text, word...)
	case kindDate:
		value = bytes.TrimSuffix(bytes.TrimSuffix(value, []byte("Z")), []byte("T00:00:00"))
		s.text = append(s.text, bytes.Replace(value, []byte("T"), []byte(" "), 1)...)
	case kindNumber:
		f := numberFormat{}
		if style >= 0 && style < len(s.styles) {
			f = s.styles[style]
		}
		s.text = f.append(s.text, value, s.date04)
	case kindError:
		s.text = append(s.text, value...)
	}
	return err
}

// smallInt is a number of digits only, -1 for anything else.
func smallInt(b []byte) int {
	n := 0
	for _, c := range bytes.TrimSpace(b) {
		if c-'0' > 9 || n > maxShared {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// keep takes note of a cell, if it has text or should have.
func (s *sheetReader) keep(column, start int, broken bool) {
	if column >= MaxColumns {
		s.text = s.text[:start]
		return
	}
	if broken || trim(string(s.text[start:])) != "" {
		s.cells = append(s.cells, sheetCell{column, start, len(s.text), broken})
	}
}

// cut makes the fields of a row of its cells.
func (s *sheetReader) cut() (fields []string, broken []int) {
	text, whole := string(s.text), utf8.Valid(s.text)
	width := 0
	for _, c := range s.cells {
		width = max(width, c.column+1)
	}
	if cap(s.fields) < width {
		s.fields = make([]string, width)
	}
	s.fields, s.broken = s.fields[:width], s.broken[:0]
	clear(s.fields)
	for _, c := range s.cells {
		s.fields[c.column] = text[c.start:c.end]
		if !whole {
			s.fields[c.column] = strings.ToValidUTF8(s.fields[c.column], badRune)
		}
		if c.broken {
			s.broken = append(s.broken, c.column)
		}
	}
	return s.fields, s.broken
}
