package views

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
)

// ImportPath is the page of an import.
func ImportPath(c models.Campaign, id int64) string {
	if c.ID == 0 { // it is for no campaign
		return fmt.Sprintf("%s/imports/%d", TeamPath(c.TeamID), id)
	}
	return fmt.Sprintf("%s/%d", StepPath(c, "recipients"), id)
}

// Recipients is what the step shows before a file is chosen.
type Recipients struct {
	models.Campaign

	Present    models.Import // where the campaign's recipients come from
	HasPresent bool
	Last       models.Import // the newest file, if that is another one
	HasLast    bool
	MaxUpload  int64 // bytes
	Pasted     string
	Taken      models.AudienceWork // which audiences the recipients come from
	HasTaken   bool
	TakenSize  int64
	Works      bool // recipients are being taken from audiences
}

// uploadError is err for the form of the file, pasteError for that of the text: whichever
// was sent.
func (r Recipients) uploadError(err error) error {
	if r.Pasted != "" {
		return nil
	}
	return err
}

func (r Recipients) pasteError(err error) models.Text {
	if t := models.FieldText(err, "text"); t.Key != "" || r.Pasted == "" {
		return t
	}
	return models.FieldText(err, "file")
}

// editable reports whether the person may give the campaign other recipients.
func (r Recipients) editable(p Page) bool {
	return r.State == models.CampaignDraft && p.Actor.Can(models.ManageCampaigns)
}

// MappingView is a file whose columns are to be explained.
type MappingView struct {
	models.Campaign

	Import  models.Import
	Names   []string // the variables of the message
	Sheets  []string // of a workbook
	Columns int
	Header  []string   // nil: none
	Rows    [][]string // the first ones
}

// columnsFormID is the form of the columns' uses, for buttons that stand outside of it.
const columnsFormID = "columns-form"

func (v MappingView) columns() []int {
	n := make([]int, v.Columns)
	for i := range n {
		n[i] = i
	}
	return n
}

// use is what column n is used as: as chosen, or the variable of its name.
func (v MappingView) use(n int) string {
	if n < len(v.Import.Mapping) {
		return v.Import.Mapping[n]
	}
	return models.UseNone
}

// name is what column n is called, "A" and so on where the file does not say.
func (v MappingView) name(n int) string {
	if n < len(v.Header) && v.Header[n] != "" {
		return v.Header[n]
	}
	return columnLetters(n)
}

// columnLetters are how spreadsheets call column n.
func columnLetters(n int) string {
	last := string(rune('A' + n%26))
	if n < 26 {
		return last
	}
	return columnLetters(n/26-1) + last
}

func (v MappingView) cell(row []string, n int) string {
	if n < len(row) {
		return row[n]
	}
	return ""
}

// options are what column n can be used as.
func (v MappingView) options(p Page, n int) []Option {
	options := []Option{{models.UsePhone, p.T("import.use_phone")}}
	for _, name := range v.Names {
		options = append(options, Option{name, "#{" + name + "}"})
	}
	own := v.name(n)
	if v.Header != nil && !slices.Contains(v.Names, own) {
		options = append(options, Option{own, p.T("import.use_own", "Name", own)})
	}
	if use := v.use(n); use != models.UseNone && !slices.ContainsFunc(options, func(o Option) bool { return o.Value == use }) {
		options = append(options, Option{use, p.T("import.use_own", "Name", use)})
	}
	return append(options, Option{models.UseNone, p.T("import.use_none")})
}

// unfilled are the variables of the message that no column fills.
func (v MappingView) unfilled() []string {
	var names []string
	for _, name := range v.Names {
		if !slices.Contains(v.Import.Mapping, name) {
			names = append(names, "#{"+name+"}")
		}
	}
	return names
}

func encodings(p Page) []Option {
	var options []Option
	for _, e := range []string{"utf-8", "cp949", "utf-16le", "utf-16be"} {
		options = append(options, Option{e, p.T("import.encoding." + e)})
	}
	return options
}

func separators(p Page) []Option {
	return []Option{
		{",", p.T("import.separator.comma")}, {";", p.T("import.separator.semicolon")},
		{"\t", p.T("import.separator.tab")}, {"|", p.T("import.separator.bar")},
	}
}

func headers(p Page) []Option {
	return []Option{{"1", p.T("import.header.yes")}, {"0", p.T("import.header.no")}}
}

func internationals(p Page) []Option {
	return []Option{{"0", p.T("import.international.no")}, {"1", p.T("import.international.yes")}}
}

func sheets(names []string) []Option {
	options := make([]Option, len(names))
	for n, name := range names {
		options[n] = Option{name, name}
	}
	return options
}

// manySheets is how many sheets no longer stand side by side.
const manySheets = 8

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// ImportView is an import that has been started.
type ImportView struct {
	models.Import

	Campaign models.Campaign
	Kind     models.ImportRowKind // of the rows that are shown; empty: none
	After    int64
	Rows     []models.ImportRow
	Next     int64 // where the next page begins; 0: there is none
	// KeptUntil is how long the file is there; zero: for ever.
	KeptUntil time.Time
	// StillSince is since when nothing has moved, although it should; zero: it does.
	StillSince time.Time
	NoRoom     bool // the disk of the data folder is full
}

// cancelledText says what is left of an import that was cancelled.
func (v ImportView) cancelledText() string {
	if v.Purpose == models.PurposeCampaign {
		return "import.cancelled_text"
	}
	return "import.cancelled_text_list"
}

// readShare is how much of the work reading is, in percent; the rest is storing.
func (v ImportView) readShare() int64 {
	if v.Workbook() {
		return 60
	}
	return 30
}

// percent is how much of the work is done.
func (v ImportView) percent() int {
	share := v.readShare()
	if v.Size == 0 || v.BytesRead < v.Size {
		return int(share * v.BytesRead / max(v.Size, 1))
	}
	return int(share + (100-share)*(v.Good+v.Doubled)/max(v.Import.Rows-v.Refused, 1))
}

// stage says what is being done.
func (v ImportView) stage() models.Text {
	if v.Claim == "" && v.BytesRead == 0 {
		return models.T("import.queued")
	}
	if v.BytesRead < v.Size || v.Import.Rows == 0 {
		return models.T("import.reading", "Count", v.Import.Rows, "Read", megabytes(v.BytesRead), "Size", megabytes(v.Size))
	}
	return models.T("import.storing", "Count", v.Good, "All", v.Import.Rows-v.Refused)
}

// megabytes is a size of a file for people to read.
func megabytes(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d KB", (n+1023)>>10)
	case n < 10<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// ImportCount is how many rows of a kind there are.
func ImportCount(i models.Import, kind models.ImportRowKind) int64 {
	switch kind {
	case models.RowRefused:
		return i.Refused
	case models.RowDoubled:
		return i.Doubled
	case models.RowRepaired:
		return i.Repaired
	}
	panic(fmt.Errorf("no kind of rows %q", kind))
}

func (v ImportView) rowsPath(kind models.ImportRowKind, after int64) string {
	q := url.Values{"kind": {string(kind)}}
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	return ImportPath(v.Campaign, v.ID) + "?" + q.Encode()
}

func (v ImportView) downloadPath() string {
	return ImportPath(v.Campaign, v.ID) + "/rows.csv?kind=" + string(v.Kind)
}

// refusedPath is the file of the rows that were refused; empty if it cannot be made any
// more.
func (v ImportView) refusedPath() string {
	if v.Kind != models.RowRefused || v.Path == "" || v.Refused == 0 {
		return ""
	}
	return ImportPath(v.Campaign, v.ID) + "/refused"
}

// importAgain is where another file is taken for what the import is for.
func importAgain(c models.Campaign, i models.Import) string {
	switch i.Purpose {
	case models.PurposeCampaign:
		return StepPath(c, "recipients")
	case models.PurposeSuppress:
		return NewSuppressionPath(i.TeamID, "file")
	case models.PurposeAppend, models.PurposeReplace, models.PurposeSubtract:
		return AudiencePath(models.Audience{ID: i.TargetID, TeamID: i.TeamID}) + "/change"
	case models.PurposeCreate:
	}
	return NewAudiencePath(i.TeamID)
}

// importNext is where an import that is done leads to, and what that is called.
func importNext(p Page, c models.Campaign, i models.Import) (path, name string) {
	switch i.Purpose {
	case models.PurposeCampaign:
		return StepPathAfter(c, "recipients"), nextStep(p, c, "recipients")
	case models.PurposeSuppress:
		return SuppressionsPath(i.TeamID), p.T("suppression.see_list")
	case models.PurposeAppend, models.PurposeReplace, models.PurposeSubtract:
		return AudiencePath(models.Audience{ID: i.TargetID, TeamID: i.TeamID}), p.T("audience.see")
	case models.PurposeCreate:
	}
	return AudiencePath(models.Audience{ID: i.AudienceID, TeamID: i.TeamID}), p.T("audience.see")
}

// ImportReason is why a row was refused, in words.
func ImportReason(l *locale.Locale, reason string) string {
	if key := "import.reason." + reason; l.Has(key) {
		return l.T(key)
	}
	return reason
}

// ImportReasonIn is why a row was refused, with the column that it was refused for.
func ImportReasonIn(l *locale.Locale, reason, column string) string {
	if column == "" {
		return ImportReason(l, reason)
	}
	return l.T("import.why_column", "Column", column, "Why", ImportReason(l, reason))
}

// ImportRowsHeader names the columns of a download.
func ImportRowsHeader(l *locale.Locale, kind models.ImportRowKind) []string {
	if kind == models.RowRefused {
		return []string{l.T("import.line"), l.T("import.column"), l.T("import.value"), l.T("import.why")}
	}
	return []string{l.T("import.line"), l.T("import.value"), l.T("import.becomes")}
}

// ImportRowFields are the columns of a row in a download.
func ImportRowFields(l *locale.Locale, row models.ImportRow) []string {
	line := strconv.FormatInt(row.Line, 10)
	if row.Kind == models.RowRefused {
		return []string{line, row.Place, row.Value, ImportReason(l, row.Reason)}
	}
	return []string{line, row.Value, kakao.FormatPhone(row.Phone)}
}

// importValue is what stands in the file, as far as the person may see it.
func importValue(p Page, row models.ImportRow) string {
	if p.Actor.Can(models.ViewNumbers) {
		return orDash(row.Value)
	}
	return orDash(kakao.MaskPhone(row.Value))
}

func importPhone(p Page, row models.ImportRow) string {
	if p.Actor.Can(models.ViewNumbers) {
		return kakao.FormatPhone(row.Phone)
	}
	return kakao.MaskPhone(row.Phone)
}

// joined are names one after the other.
func joined(names []string) string { return strings.Join(names, ", ") }
