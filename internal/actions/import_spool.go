package actions

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"soshik/internal/recipients"
)

// spool keeps the good rows of a file until they are stored in the order of their
// numbers. Both the values and the order are in files that nobody else sees, so that a
// million rows take no more memory than a hundred thousand.
type spool struct {
	values  *os.File // of the recipients, one behind the other
	places  *os.File // rows as 16 bytes each, in pieces that are in order
	buffer  *bufio.Writer
	offset  uint64
	rows    []spooled // not yet in a piece
	pieces  []int64   // how many rows each has
	foreign []uint64  // numbers of other countries, without their plus
}

// spooled is a good row.
type spooled struct {
	key     uint64 // the number, then the line in lineBits
	place   uint64 // in the values: the offset, then the length in lengthBits
	repeats bool   // it has the number of the row before
}

const (
	lineBits   = 32
	lengthBits = 24 // a record is at most a megabyte, and six times that as JSON
	// foreignBit marks a number that is a place in the list of those of other countries.
	// Without its leading zero, a Korean one is always less.
	foreignBit = 1 << 31
	// foreignOrder puts the numbers of other countries behind those of Korea.
	foreignOrder = 1 << 63
	// pieceRows is how many rows are put in order at a time.
	pieceRows = 1 << 16
	// placeSize is a row in the file of places, in bytes.
	placeSize = 16
)

func (r spooled) phone() uint64 { return r.key >> lineBits }
func (r spooled) line() int64   { return int64(r.key & (1<<lineBits - 1)) } //nolint:gosec // 32 bits

func (s *Service) newSpool() (*spool, error) {
	values, err := s.spill()
	if err != nil {
		return nil, err
	}
	places, err := s.spill()
	if err != nil {
		return nil, errors.Join(err, values.Close())
	}
	return &spool{values: values, places: places, buffer: bufio.NewWriterSize(values, 1<<18)}, nil
}

// close removes everything.
func (p *spool) close() error { return errors.Join(p.values.Close(), p.places.Close()) }

// add takes a row.
func (p *spool) add(r recipients.Recipient) error {
	phone, err := p.packed(r.Phone)
	if err != nil {
		return fmt.Errorf("line %d: %w", r.Line, err)
	}
	if r.Line >= 1<<lineBits || len(r.Vars) >= 1<<lengthBits {
		return fmt.Errorf("line %d is too long or too far down", r.Line)
	}
	p.rows = append(p.rows, spooled{key: phone<<lineBits | uint64(r.Line), place: p.offset<<lengthBits | uint64(len(r.Vars))}) //nolint:gosec // checked
	n, err := p.buffer.Write(r.Vars)
	p.offset += uint64(n) //nolint:gosec // never negative
	if err == nil && len(p.rows) == pieceRows {
		err = p.order()
	}
	return err
}

// packed is a number in 32 bits.
func (p *spool) packed(number string) (uint64, error) {
	digits, isForeign := strings.CutPrefix(number, "+")
	phone, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || !isForeign {
		return phone, err
	}
	p.foreign = append(p.foreign, phone)
	return foreignBit | uint64(len(p.foreign)-1), nil
}

// end is called when all rows are there.
func (p *spool) end() error { return errors.Join(p.order(), p.buffer.Flush()) }

// order writes the rows that have gathered as a piece.
func (p *spool) order() error {
	slices.SortFunc(p.rows, p.compare)
	w := bufio.NewWriterSize(p.places, 1<<16)
	for _, row := range p.rows {
		b := binary.LittleEndian.AppendUint64(w.AvailableBuffer(), row.key)
		if _, err := w.Write(binary.LittleEndian.AppendUint64(b, row.place)); err != nil {
			return err
		}
	}
	p.pieces = append(p.pieces, int64(len(p.rows)))
	p.rows = p.rows[:0]
	return w.Flush()
}

// compare puts rows in the order of their numbers, and those of the same number in
// that of the file.
func (p *spool) compare(a, b spooled) int {
	if a.phone() >= foreignBit && b.phone() >= foreignBit {
		return cmp.Or(cmp.Compare(p.number(a), p.number(b)), cmp.Compare(a.line(), b.line()))
	}
	return cmp.Compare(a.key, b.key)
}

// number is what two rows of the same recipient have in common, and what the
// recipients are stored in the order of.
func (p *spool) number(r spooled) uint64 {
	if phone := r.phone(); phone < foreignBit {
		return phone
	}
	return foreignOrder | p.foreign[r.phone()-foreignBit]
}

// text is the number that the row was added with: every Korean mobile number begins
// with a zero.
func (p *spool) text(r spooled) string {
	n := p.number(r)
	if n&foreignOrder != 0 {
		return "+" + strconv.FormatUint(n&^foreignOrder, 10)
	}
	return "0" + strconv.FormatUint(n, 10)
}

// vars reads the values of a row.
func (p *spool) vars(r spooled) (string, error) {
	vars := make([]byte, r.place&(1<<lengthBits-1))
	_, err := p.values.ReadAt(vars, int64(r.place>>lengthBits)) //nolint:gosec // 40 bits
	return string(vars), err
}

// sorted are all rows in order. It ends with the first error.
func (p *spool) sorted() iter.Seq2[spooled, error] {
	return func(yield func(spooled, error) bool) {
		pieces, err := p.open()
		if err != nil {
			yield(spooled{}, err)
			return
		}
		last := uint64(math.MaxUint64) // no number
		for len(pieces) > 0 {
			at := p.least(pieces)
			row := pieces[at].row
			number := p.number(row)
			row.repeats, last = number == last, number
			if !yield(row, nil) {
				return
			}
			switch err := pieces[at].next(); {
			case errors.Is(err, io.EOF):
				pieces = slices.Delete(pieces, at, at+1)
			case err != nil:
				yield(spooled{}, err)
				return
			}
		}
	}
}

// least is which of the pieces has the row that comes first.
func (p *spool) least(pieces []piece) int {
	at := 0
	for i := 1; i < len(pieces); i++ {
		if p.compare(pieces[i].row, pieces[at].row) < 0 {
			at = i
		}
	}
	return at
}

// piece is rows in order, of which row is the next.
type piece struct {
	row  spooled
	rest *bufio.Reader
}

// open opens the pieces at their first rows.
func (p *spool) open() ([]piece, error) {
	pieces := make([]piece, 0, len(p.pieces))
	offset := int64(0)
	for _, rows := range p.pieces {
		opened := piece{rest: bufio.NewReaderSize(io.NewSectionReader(p.places, offset, rows*placeSize), 1<<14)}
		offset += rows * placeSize
		switch err := opened.next(); {
		case errors.Is(err, io.EOF):
			continue
		case err != nil:
			return nil, err
		}
		pieces = append(pieces, opened)
	}
	return pieces, nil
}

// next reads the next row, io.EOF behind the last.
func (p *piece) next() error {
	b, err := p.rest.Peek(placeSize)
	if err != nil {
		return err
	}
	p.row = spooled{key: binary.LittleEndian.Uint64(b), place: binary.LittleEndian.Uint64(b[8:])}
	_, err = p.rest.Discard(placeSize)
	return err
}
