package actions

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/recipients"
	"soshik/models"
)

// exportFile is a file that rows are written to.
type exportFile interface {
	write(cells []recipients.Cell) error
	close() error
}

func newExportFile(to io.Writer, format models.ExportFormat, words models.ExportWords) (exportFile, error) {
	if format == models.FormatXLSX {
		book, err := recipients.NewBook(to, words.Sheet, words.Header)
		return bookFile{book}, err
	}
	if _, err := io.WriteString(to, "\ufeff"); err != nil { // without it, spreadsheets take the file for CP949
		return nil, err
	}
	f := &csvFile{Writer: csv.NewWriter(to)}
	f.UseCRLF = true
	err := f.Write(words.Header)
	return f, err
}

type bookFile struct{ *recipients.Book }

func (f bookFile) write(cells []recipients.Cell) error { return f.Write(cells) }
func (f bookFile) close() error                        { return f.Close() }

// csvFile writes what no spreadsheet takes for a formula.
type csvFile struct {
	*csv.Writer

	fields []string
}

func (f *csvFile) write(cells []recipients.Cell) error {
	f.fields = f.fields[:0]
	for _, c := range cells {
		text := c.Text
		switch {
		case c.Numeric:
			text = strconv.FormatInt(c.Number, 10)
		case !c.Time.IsZero():
			text = c.Time.Format(time.DateTime)
		case c.Quoted:
			text = models.Defuse(text)
		}
		f.fields = append(f.fields, text)
	}
	return f.Write(f.fields)
}

func (f *csvFile) close() error {
	f.Flush()
	return f.Error()
}

// exportRows makes rows of messages.
type exportRows struct {
	s       *Service
	ctx     context.Context //nolint:containedctx // they live no longer than one export
	e       models.Export
	words   models.ExportWords
	senders map[int64]string
	people  map[int64]string
	row     []recipients.Cell
}

func (s *Service) exportRows(ctx context.Context, e models.Export) (exportRows, error) {
	r := exportRows{s: s, ctx: ctx, e: e, words: s.ExportWords(e.Locale), senders: map[int64]string{}, people: map[int64]string{}}
	ss, err := s.DB.Senders(ctx, e.AppkeyID)
	for _, sender := range ss {
		r.senders[sender.ID] = sender.PlusFriendID
	}
	return r, err
}

// cells are the cells of a message, in the order of [models.ExportWords.Header]; valid
// until the next.
func (r *exportRows) cells(d models.Delivery) []recipients.Cell {
	requested := d.HandedAt
	if d.RequestAt != nil {
		requested = d.RequestAt
	} else if requested == nil {
		requested = d.SendAt
	}
	campaign := d.CampaignName
	if d.Test {
		campaign += r.words.Test
	}
	r.row = append(r.row[:0],
		moment(requested), moment(d.HandedAt), doneAt(d),
		recurring(campaign), recurring(r.words.Channel(d.Channel)), recurring(r.senders[d.SenderID]), recurring(d.TemplateCode),
		text(r.phone(d)), recurring(r.words.Part(d.Part)),
	)
	r.row = append(r.row, r.codes(d)...)
	sequence := recipients.Cell{}
	if d.Seq > 0 {
		sequence = recipients.Cell{Number: int64(d.Seq), Numeric: true}
	}
	return append(r.row, recurring(d.RequestID), sequence, recurring(r.person(d.LaunchedBy)))
}

// codes say why a message has become what it has.
func (r *exportRows) codes(d models.Delivery) []recipients.Cell {
	cells := make([]recipients.Cell, 5)
	if d.Code != "" {
		cells[0], cells[1] = recurring(r.words.Code(d.Code)), recurring(r.words.Meaning(d.Code))
	}
	if d.Fallback != models.FallbackNone {
		cells[2], cells[3], cells[4] = recurring(r.words.SMS(d.Fallback)), recurring(d.SMSCode), recurring(r.words.SMSCode(d.ListedMessage))
	}
	return cells
}

func (r *exportRows) phone(d models.Delivery) string {
	switch {
	case d.Erased():
		return r.words.Erased
	case r.e.Masked:
		return kakao.MaskPhone(d.Phone)
	}
	return kakao.FormatPhone(d.Phone)
}

// person is what somebody is called; empty for somebody who is gone.
func (r *exportRows) person(id int64) string {
	name, known := r.people[id]
	if !known {
		if u, err := r.s.DB.User(r.ctx, id); err == nil {
			name = u.Name
		}
		r.people[id] = name
	}
	return name
}

func text(s string) recipients.Cell { return recipients.Cell{Text: s, Quoted: models.Explosive(s)} }

// recurring is a text that stands in many rows.
func recurring(s string) recipients.Cell {
	c := text(s)
	c.Recurs = true
	return c
}

// moment is a time as people in Korea read it.
func moment(t *time.Time) recipients.Cell {
	if t == nil || t.IsZero() {
		return recipients.Cell{}
	}
	return recipients.Cell{Time: t.In(kakao.KST)}
}

func doneAt(d models.Delivery) recipients.Cell {
	done := d.Done()
	return moment(&done)
}
