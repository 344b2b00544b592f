package recipients

import (
	"bytes"
	"errors"
	"io"
	"iter"
)

// MaxRecord is how many bytes a record may have, its line breaks included.
const MaxRecord = 1 << 20

// MaxColumns is how many columns a record may have: as many as a spreadsheet.
const MaxColumns = 16384

const readSize = 64 << 10

var byteOrderMark = []byte("\ufeff")

// A Reader parts a file into rows. It is lenient: what is wrong with a row is said
// in the row, and the next line is read as if nothing had been. Lines without any
// text are left out, those of separators and empty quotes included, and so are the
// titles that [Format.Skip] counts.
//
// A field in quotes may hold separators, line breaks and doubled quotes. A single
// quote inside stays as it is, if the field ends with a quote on the same line;
// else the quotes are text like any other. Over a line break no such guess is made:
// where a quote is not properly closed, the one line is refused.
type Reader struct {
	src     io.Reader
	format  Format
	newline byte
	table   *[1 << 15]uint16 // for CP949

	buf      []byte // read and not yet parted, from pos to end
	pos, end int
	base     int64 // where buf begins in what src yields
	err      error // of src, once it has no more

	offset  int64 // in the file, of pos
	line    int64 // in the file, of pos
	rows    int   // read so far, titles included
	columns int

	text   []byte // of the fields, decoded
	ends   []int  // where each field ends in text
	bad    int    // sequences in text that cannot be read
	wide   bool   // there were more than MaxColumns
	fields []string
}

// NewReader reads the file r, which is written as f says. A byte order mark is
// passed over.
func NewReader(r io.Reader, f Format) *Reader {
	rd := &Reader{src: r, format: f, newline: '\n', line: 1, columns: f.Columns, buf: make([]byte, readSize)}
	if f.CR {
		rd.newline = '\r'
	}
	if f.Separator == 0 {
		rd.format.Separator = ','
	}
	switch {
	case f.Encoding == CP949:
		rd.table = cp949()
	case f.Encoding.wide():
		rd.src = newUTF16Reader(r, f.Encoding)
	}
	return rd
}

// All yields the rows from here to the end of the file. An error of the file
// itself comes last.
func (r *Reader) All() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			row, err := r.Read()
			if errors.Is(err, io.EOF) || !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// Read is the next row, or io.EOF behind the last, or the error of the file. The
// row's fields are overwritten by the next call, though their text is not.
func (r *Reader) Read() (Row, error) {
	if err := r.skipMark(); err != nil {
		return Row{}, err
	}
	for {
		row, err := r.next()
		if err != nil {
			return Row{}, err
		}
		if row.Reason == "" && len(row.Fields) == 0 {
			continue
		}
		if r.rows++; r.rows > r.format.Skip {
			return r.judge(row), nil
		}
	}
}

// judge adds to a row what follows from its place among the others.
func (r *Reader) judge(row Row) Row {
	row.Header = r.format.HasHeader && r.rows == r.format.Skip+1
	if r.columns == 0 && row.Reason == "" {
		r.columns = len(row.Fields)
	}
	row.Columns = r.columns
	if row.Reason == "" && len(row.Fields) > r.columns && !row.Header {
		for _, surplus := range row.Fields[r.columns:] {
			if trim(surplus) != "" {
				row.Reason = ReasonColumns
			}
		}
	}
	return row
}

func (r *Reader) skipMark() error {
	if r.base+int64(r.pos) > 0 || r.format.Encoding == CP949 {
		return nil
	}
	for r.end < len(byteOrderMark) {
		if !r.fill() {
			break
		}
	}
	if bytes.HasPrefix(r.buf[:r.end], byteOrderMark) {
		r.advance(len(byteOrderMark), 0)
	}
	return r.failure()
}

// failure is the error that keeps the file from being read to its end, if any.
func (r *Reader) failure() error {
	if r.err == nil || errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

// next is the next record. It has neither fields nor a reason when it is blank.
func (r *Reader) next() (Row, error) {
	row := Row{Line: r.line, Offset: r.offset}
	line, size, err := r.lineAt(0)
	switch {
	case errors.Is(err, errTooLong):
		return r.discard(row)
	case err != nil:
		return Row{}, err
	case blank(line, r.format.Separator):
		row.Size = r.advance(size, 1)
		return row, nil
	}
	lines := int64(1)
	r.reset()
	if !r.split(line, true) {
		whole, n, err := r.goOn(size)
		switch {
		case err != nil:
			return Row{}, err
		case whole == 0:
			row.Reason = ReasonQuote
			r.reread(size)
		default:
			size, lines = whole, n
		}
	}
	switch {
	case row.Reason != "":
	case r.bad > 0:
		row.Reason = ReasonEncoding
	case r.wide:
		row.Reason = ReasonColumns
	}
	row.Size, row.Fields = r.advance(size, lines), r.cut()
	return row, nil
}

// goOn reads the further lines of a record whose first has size bytes and ends
// inside quotes. It returns the size and the lines of the whole, or 0 when the
// quotes are not closed as they should be. A line that could open quotes itself
// closes or breaks those it is read in, so that no line is read in vain twice.
func (r *Reader) goOn(size int) (whole int, lines int64, err error) {
	for lines = 1; ; lines++ {
		line, n, err := r.lineAt(size)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, errTooLong):
			return 0, 0, nil
		case err != nil:
			return 0, 0, err
		}
		size += n
		switch r.splitOn(line) {
		case quoteClosed:
			return size, lines + 1, nil
		case quoteBroken:
			return 0, 0, nil
		case quoteOpen:
		}
	}
}

// reread parts the record's first line, of size bytes, on its own.
func (r *Reader) reread(size int) {
	line := r.trimLine(r.buf[r.pos : r.pos+size])
	r.reset()
	r.split(line, false)
}

// reset forgets what was gathered.
func (r *Reader) reset() {
	r.text, r.ends, r.bad, r.wide = r.text[:0], r.ends[:0], 0, false
}

// cut makes the fields of the text that was gathered.
func (r *Reader) cut() []string {
	text, start := string(r.text), 0
	r.fields = r.fields[:0]
	for _, end := range r.ends {
		r.fields = append(r.fields, text[start:end])
		start = end
	}
	return r.fields
}

var errTooLong = errors.New("record is too long")

// lineAt is the line that begins at bytes behind pos, without its break, and how
// many bytes it has with it. The error is io.EOF when there is none, errTooLong
// when the record would grow beyond [MaxRecord], or the file's own.
func (r *Reader) lineAt(at int) (line []byte, size int, err error) {
	for from := at; ; {
		if i := bytes.IndexByte(r.buf[r.pos+from:r.end], r.newline); i >= 0 {
			from += i + 1
			if from > MaxRecord {
				return nil, 0, errTooLong
			}
			return r.trimLine(r.buf[r.pos+at : r.pos+from]), from - at, nil
		}
		if from = r.end - r.pos; from > MaxRecord {
			return nil, 0, errTooLong
		}
		if r.fill() {
			continue
		}
		if err := r.failure(); err != nil {
			return nil, 0, err
		}
		if from == at {
			return nil, 0, io.EOF
		}
		return r.trimLine(r.buf[r.pos+at : r.end]), from - at, nil
	}
}

// trimLine is b without the line break, and without the NUL or control-Z bytes that
// old programs leave at the end of a file.
func (r *Reader) trimLine(b []byte) []byte {
	for n := len(b); n > 0; n-- {
		switch b[n-1] {
		case '\n', '\r', 0, 0x1A:
		default:
			return b[:n]
		}
	}
	return nil
}

// discard passes over a line that is too long.
func (r *Reader) discard(row Row) (Row, error) {
	row.Reason = ReasonTooLong
	for {
		i := bytes.IndexByte(r.buf[r.pos:r.end], r.newline)
		if i >= 0 {
			row.Size += r.advance(i+1, 1)
			return row, nil
		}
		row.Size += r.advance(r.end-r.pos, 0)
		if !r.fill() {
			return row, r.failure()
		}
	}
}

// advance passes over n bytes and over line breaks, and returns what they have in
// the file.
func (r *Reader) advance(n int, lines int64) int64 {
	size := int64(n)
	if r.format.Encoding.wide() {
		size = utf16Size(r.buf[r.pos : r.pos+n])
	}
	r.pos += n
	r.offset += size
	r.line += lines
	return size
}

// fill reads more, behind what is there. It is false when there is no more.
func (r *Reader) fill() bool {
	if r.err != nil {
		return false
	}
	if r.pos > 0 {
		copy(r.buf, r.buf[r.pos:r.end])
		r.base += int64(r.pos)
		r.pos, r.end = 0, r.end-r.pos
	}
	if r.end == len(r.buf) {
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	for range 100 {
		var n int
		n, r.err = r.src.Read(r.buf[r.end:])
		r.end += n
		if n > 0 || r.err != nil {
			return n > 0
		}
	}
	r.err = io.ErrNoProgress
	return false
}

// blank reports whether a line has nothing but separators, spaces, control
// characters and quotes that are closed.
func blank(line []byte, separator byte) bool {
	quotes := 0
	for _, c := range line {
		switch {
		case c == '"':
			quotes++
		case c > ' ' && c != separator:
			return false
		}
	}
	return quotes%2 == 0
}

// add appends text of the file to the field that is being gathered.
func (r *Reader) add(b []byte) {
	var bad int
	if r.table != nil {
		r.text, bad = appendCP949(r.text, b, r.table)
	} else {
		r.text, bad = appendUTF8(r.text, b)
	}
	r.bad += bad
}

func (r *Reader) endField() {
	if len(r.ends) == MaxColumns {
		r.wide = true
		return
	}
	r.ends = append(r.ends, len(r.text))
}

// split parts the first line of a record. It is false when the line ends inside
// quotes, which it does only if open allows it.
func (r *Reader) split(line []byte, open bool) bool {
	if bytes.IndexByte(line, '"') >= 0 {
		return r.splitQuoted(line, open)
	}
	for last := false; !last; {
		line, last = r.plainField(line)
	}
	return true
}

// splitQuoted is split for a line that has a quote somewhere.
func (r *Reader) splitQuoted(line []byte, open bool) bool {
	for last := false; !last; {
		start := skipSpaces(line, 0)
		if start == len(line) || line[start] != '"' {
			line, last = r.plainField(line)
			continue
		}
		end, lone := r.closingQuote(line[start+1:])
		switch {
		case end >= 0:
			line, last = r.quotedField(line[start+1:], end)
		case open && !lone:
			r.addQuoted(line[start+1:])
			return false
		default:
			line, last = r.plainField(line)
		}
	}
	return true
}

// plainField takes the first field of a line in, as it stands there. rest is what
// follows its separator; last tells that there is none.
func (r *Reader) plainField(line []byte) (rest []byte, last bool) {
	i := bytes.IndexByte(line, r.format.Separator)
	if i < 0 {
		r.add(line)
		r.endField()
		return nil, true
	}
	r.add(line[:i])
	r.endField()
	return line[i+1:], false
}

// quotedField is plainField for a field whose quotes close at end of b.
func (r *Reader) quotedField(b []byte, end int) (rest []byte, last bool) {
	r.addQuoted(b[:end])
	r.endField()
	next := skipSpaces(b, end+1)
	if next == len(b) {
		return nil, true
	}
	return b[next+1:], false
}

// What a further line does to the quotes it begins in.
type quoteState int

const (
	quoteOpen quoteState = iota
	quoteClosed
	quoteBroken
)

// splitOn parts a further line of a record, one that begins inside quotes.
func (r *Reader) splitOn(line []byte) quoteState {
	r.text = append(r.text, '\n')
	end, lone := r.closingQuote(line)
	switch {
	case lone:
		return quoteBroken
	case end < 0:
		r.addQuoted(line)
		return quoteOpen
	}
	rest, last := r.quotedField(line, end)
	if last || r.split(rest, true) {
		return quoteClosed
	}
	return quoteOpen
}

// closingQuote is where in b, which begins inside quotes, the quote is that ends the
// field: one that only spaces part from the next separator or the end of the line.
// It is -1 where there is none. lone tells that a quote stands before it which is
// neither that nor doubled.
func (r *Reader) closingQuote(b []byte) (end int, lone bool) {
	for i := 0; ; {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return -1, lone
		}
		i += j + 1
		if i < len(b) && b[i] == '"' {
			i++
			continue
		}
		if next := skipSpaces(b, i); next == len(b) || b[next] == r.format.Separator {
			return i - 1, lone
		}
		lone = true
	}
}

// addQuoted is add for what stands inside quotes, where a doubled quote is one.
func (r *Reader) addQuoted(b []byte) {
	for {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			r.add(b)
			return
		}
		r.add(b[:i+1])
		b = b[i+1:]
		if len(b) > 0 && b[0] == '"' {
			b = b[1:]
		}
	}
}

func skipSpaces(b []byte, i int) int {
	for i < len(b) && b[i] == ' ' {
		i++
	}
	return i
}
