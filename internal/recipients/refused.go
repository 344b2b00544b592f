package recipients

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/korean"
)

// A Refusal is a row that [Parse] refuses, and why. The row that names the columns
// comes as one without a problem.
type Refusal struct {
	Row     Row // its fields are valid until the next
	Problem *Problem
}

// Refused yields the rows that [Parse] refuses, behind the one that names the
// columns. What it ends with is what Parse ends with.
func Refused(rows iter.Seq2[Row, error], m Mapping) iter.Seq2[Refusal, error] {
	return func(yield func(Refusal, error) bool) {
		p := newParser(m)
		for row, err := range rows {
			if err == nil {
				err = p.accept(row)
			}
			if err != nil {
				yield(Refusal{}, err)
				return
			}
			refusal := Refusal{Row: row}
			if !row.Header {
				if _, refusal.Problem = p.recipient(row); refusal.Problem == nil {
					continue
				}
			}
			if !yield(refusal, nil) {
				return
			}
		}
	}
}

// Words are what a file of refused rows says: the name of its first column and what
// stands there, each as people would rather read it, and in letters that every
// encoding has.
type Words struct {
	Title, PlainTitle string
	Why               func(*Problem) (text, plain string)
}

// WriteRefused writes refused rows as they stand in file, byte for byte, and in
// front of each a column that says why. It stands there because behind rows that
// are too short or have an open quote it would be in no column of its own.
func WriteRefused(to io.Writer, file io.ReaderAt, f Format, refused iter.Seq2[Refusal, error], words Words) error {
	w := bufio.NewWriterSize(to, readSize)
	if f.Encoding != CP949 { // without it, spreadsheets take UTF-8 for CP949
		if _, err := w.Write(f.Encoding.mark()); err != nil {
			return err
		}
	}
	newline := "\r\n"
	if f.CR {
		newline = "\r"
	}
	separator := f.Separator
	if separator == 0 {
		separator = ','
	}
	var line []byte
	for r, err := range refused {
		if err != nil {
			return err
		}
		text, plain := words.Title, words.PlainTitle
		if r.Problem != nil {
			text, plain = words.Why(r.Problem)
		}
		line = appendReason(line[:0], f.Encoding, text, plain, separator)
		if _, err := w.Write(line); err != nil {
			return err
		}
		if err := copyRecord(w, file, r.Row, f.Encoding); err != nil {
			return err
		}
		if _, err := w.Write(appendEncoded(line[:0], f.Encoding, newline)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// appendReason appends a quoted field and the separator.
func appendReason(dst []byte, e Encoding, text, plain string, separator byte) []byte {
	quoted := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` + string(rune(separator)) }
	if encoded := appendEncoded(dst, e, quoted(text)); encoded != nil {
		return encoded
	}
	return appendEncoded(dst, e, quoted(plain))
}

// appendEncoded appends text as the encoding writes it. It is nil for text that has
// characters which the encoding lacks.
func appendEncoded(dst []byte, e Encoding, text string) []byte {
	switch e {
	case CP949:
		b, err := korean.EUCKR.NewEncoder().Bytes([]byte(text))
		if err != nil {
			return nil
		}
		return append(dst, b...)
	case UTF16LE, UTF16BE:
		for _, u := range utf16.Encode([]rune(text)) {
			if e == UTF16LE {
				dst = append(dst, byte(u), byte(u>>8))
			} else {
				dst = append(dst, byte(u>>8), byte(u))
			}
		}
		return dst
	}
	return append(dst, text...)
}

// copyRecord copies a record without the line break behind it.
func copyRecord(w io.Writer, file io.ReaderAt, row Row, e Encoding) error {
	var tail [4]byte
	n := min(row.Size, int64(len(tail)))
	if _, err := file.ReadAt(tail[:n], row.Offset+row.Size-n); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	size := row.Size - int64(breakSize(tail[:n], e))
	_, err := io.Copy(w, io.NewSectionReader(file, row.Offset, size))
	return err
}

// breakSize is how many bytes at the end of b are a line break.
func breakSize(b []byte, e Encoding) int {
	unit := 1
	if e.wide() {
		unit = 2
	}
	size := 0
	for len(b)-size >= unit {
		last := b[len(b)-size-unit : len(b)-size]
		c := last[0]
		if e.wide() {
			high := last[1]
			if e == UTF16BE {
				c, high = high, c
			}
			if high != 0 {
				break
			}
		}
		if c != '\n' && c != '\r' {
			break
		}
		size += unit
	}
	return size
}

// WriteRefusedWorkbook writes refused rows as a workbook, with a first column that
// says why.
func WriteRefusedWorkbook(to io.Writer, refused iter.Seq2[Refusal, error], words Words) error {
	w, err := NewBook(to, "Sheet1", nil)
	if err != nil {
		return err
	}
	var cells []Cell
	for r, err := range refused {
		if err != nil {
			return err
		}
		first := words.Title
		if r.Problem != nil {
			first, _ = words.Why(r.Problem)
		}
		cells = append(cells[:0], Cell{Text: first})
		for _, field := range r.Row.Fields {
			cells = append(cells, Cell{Text: field})
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	return w.Close()
}
