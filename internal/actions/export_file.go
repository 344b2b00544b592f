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

	before []recipients.Cell // of the line before
	fields []string          // what it says
}

func (f *csvFile) write(cells []recipients.Cell) error {
	if len(f.before) != len(cells) {
		f.before, f.fields = make([]recipients.Cell, len(cells)), make([]string, len(cells))
	}
	for i, c := range cells {
		if c != f.before[i] {
			f.before[i], f.fields[i] = c, csvField(c)
		}
	}
	return f.Write(f.fields)
}

func csvField(c recipients.Cell) string {
	switch {
	case c.Numeric:
		return strconv.FormatInt(c.Number, 10)
	case !c.Time.IsZero():
		return c.Time.Format(time.DateTime)
	case c.Quoted:
		return models.Defuse(c.Text)
	}
	return c.Text
}

func (f *csvFile) close() error {
	f.Flush()
	return f.Error()
}

// The cells of a row, in the order of [models.ExportWords.Header].
const (
	cellRequested = iota
	cellHanded
	cellDone
	cellCampaign
	cellChannel
	cellSender
	cellTemplate
	cellPhone
	cellPart
	cellCode
	cellMeaning
	cellSMS
	cellSMSCode
	cellSMSMeaning
	cellRequest
	cellSequence
	cellCreator
	cellsOfRow
)

// exportRows makes rows of messages. What their batches say of many is put into words
// once, and so is what became of them.
type exportRows struct {
	s        *Service
	ctx      context.Context //nolint:containedctx // they live no longer than one export
	e        models.Export
	words    models.ExportWords
	senders  map[int64]string
	people   map[int64]string
	outcomes map[outcome][]recipients.Cell
	row      []recipients.Cell
}

// outcome is what became of a message, as far as it has words of its own.
type outcome struct {
	part          models.Part
	code, smsCode string
	fallback      models.FallbackState
}

// outcomesKept is how many outcomes are kept in words, at most.
const outcomesKept = 1000

func (s *Service) exportRows(ctx context.Context, e models.Export) (exportRows, error) {
	r := exportRows{
		s: s, ctx: ctx, e: e, words: s.ExportWords(e.Locale), senders: map[int64]string{}, people: map[int64]string{},
		outcomes: map[outcome][]recipients.Cell{}, row: make([]recipients.Cell, cellsOfRow),
	}
	ss, err := s.DB.Senders(ctx, e.AppkeyID)
	for _, sender := range ss {
		r.senders[sender.ID] = sender.PlusFriendID
	}
	return r, err
}

// write writes a row for each message.
func (r *exportRows) write(ds []models.Delivery, to exportFile) error {
	batch := int64(0)
	for i := range ds {
		d := &ds[i]
		if d.BatchID() != batch {
			batch = d.BatchID()
			r.begin(d)
		}
		r.row[cellDone], r.row[cellPhone], r.row[cellSequence] = moment(d.Done()), text(r.phone(d)), recipients.Cell{}
		if d.Seq > 0 {
			r.row[cellSequence] = recipients.Cell{Number: int64(d.Seq), Numeric: true}
		}
		copy(r.row[cellPart:], r.outcome(d))
		if err := to.write(r.row); err != nil {
			return err
		}
	}
	return nil
}

// begin fills in what all messages of a batch share.
func (r *exportRows) begin(d *models.Delivery) {
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
	r.row[cellRequested], r.row[cellHanded] = momentIf(requested), momentIf(d.HandedAt)
	r.row[cellCampaign], r.row[cellChannel], r.row[cellSender] = recurring(campaign), recurring(r.words.Channel(d.Channel)), recurring(r.senders[d.SenderID])
	r.row[cellTemplate], r.row[cellRequest], r.row[cellCreator] = recurring(d.TemplateCode), recurring(d.RequestID), recurring(r.person(d.LaunchedBy))
}

// outcome are the cells from [cellPart] to [cellSMSMeaning].
func (r *exportRows) outcome(d *models.Delivery) []recipients.Cell {
	of := outcome{d.Part, d.Code, d.SMSCode, d.Fallback}
	if cells, known := r.outcomes[of]; known {
		return cells
	}
	cells := make([]recipients.Cell, cellRequest-cellPart)
	cells[0] = recurring(r.words.Part(d.Part))
	if d.Code != "" {
		cells[cellCode-cellPart], cells[cellMeaning-cellPart] = recurring(r.words.Code(d.Code)), recurring(r.words.Meaning(d.Code))
	}
	if d.Fallback != models.FallbackNone {
		cells[cellSMS-cellPart], cells[cellSMSCode-cellPart] = recurring(r.words.SMS(d.Fallback)), recurring(d.SMSCode)
		cells[cellSMSMeaning-cellPart] = recurring(r.words.SMSCode(d.ListedMessage))
	}
	if len(r.outcomes) == outcomesKept {
		clear(r.outcomes)
	}
	r.outcomes[of] = cells
	return cells
}

func (r *exportRows) phone(d *models.Delivery) string {
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
func moment(t time.Time) recipients.Cell {
	if t.IsZero() {
		return recipients.Cell{}
	}
	return recipients.Cell{Time: t.In(kakao.KST)}
}

func momentIf(t *time.Time) recipients.Cell {
	if t == nil {
		return recipients.Cell{}
	}
	return moment(*t)
}
