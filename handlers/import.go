package handlers

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"soshik/internal/actions"
	"soshik/models"
	"soshik/views"
)

// formSlack is what a form may have besides its file, in bytes.
const formSlack = 1 << 20

// campaignOf is the campaign that the URL names, of the appkey that it names.
func (h *Handlers) campaignOf(r *http.Request) (models.Campaign, error) {
	id, err := pathID(r, "campaign")
	if err != nil {
		return models.Campaign{}, err
	}
	return h.db.Campaign(r.Context(), h.visit(r).appkey.ID, id)
}

// ShowRecipients is the step of composing that takes a file of recipients.
func (h *Handlers) ShowRecipients(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	return h.showRecipients(w, r, c, "", nil)
}

// UploadRecipients takes a file, or what was pasted, and leads to what its columns
// are.
func (h *Handlers) UploadRecipients(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	up, pasted, err := h.upload(r)
	if err == nil {
		var i models.Import
		if i, err = h.actions.CreateImport(r.Context(), h.visit(r).actor, c, up); err == nil {
			return h.Redirect(w, r, views.ImportPath(c, i.ID), models.Text{})
		}
	}
	return h.showRecipients(w, r, c, pasted, err)
}

// maxPasted is how much can be pasted, in bytes.
const maxPasted = 4 << 20

// upload is the form's file, which has not been read yet, or the text that was
// pasted.
func (h *Handlers) upload(r *http.Request) (up actions.Upload, pasted string, err error) {
	if r.ContentLength > h.cfg.MaxUpload+formSlack {
		return up, "", actions.TooLarge(h.cfg.MaxUpload)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return up, "", noFile(err)
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return up, "", noFile(err)
		}
		switch {
		case part.FormName() == "file" && part.FileName() != "":
			return actions.Upload{Name: fileName(part), Body: part, Max: h.cfg.MaxUpload}, "", nil
		case part.FormName() == "text":
			text, err := io.ReadAll(io.LimitReader(part, maxPasted))
			if err != nil {
				return up, "", err
			}
			up, err = actions.Pasted(h.visit(r).locale.T("import.pasted"), string(text), maxPasted)
			return up, string(text), err
		}
	}
}

// fileName is how the file is called, however the browser writes it.
func fileName(part *multipart.Part) string {
	name := path.Base(strings.ReplaceAll(part.FileName(), `\`, "/"))
	runes := []rune(strings.ToValidUTF8(name, "�"))
	return string(runes[:min(len(runes), 200)])
}

func noFile(err error) error {
	return &models.Error{
		Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"file": models.T("import.choose")}, Err: err,
	}
}

func (h *Handlers) showRecipients(w http.ResponseWriter, r *http.Request, c models.Campaign, pasted string, err error) error {
	last, found, readErr := h.db.LastImport(r.Context(), c.ID)
	if readErr != nil {
		return readErr
	}
	present, has, readErr := h.db.AudienceImport(r.Context(), c)
	if readErr != nil {
		return readErr
	}
	view := views.Recipients{
		Campaign: c, Present: present, HasPresent: has, Last: last, HasLast: found && last.ID != present.ID, MaxUpload: h.cfg.MaxUpload, Pasted: pasted,
	}
	if readErr := h.readTaken(r, c, &view); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.RecipientsPage(h.titled(r, c.Name), view, err))
}

// titled is the frame of a page whose title is a name, not a text of ours.
func (h *Handlers) titled(r *http.Request, title string) views.Page {
	p := h.page(r, "app.name")
	p.Title = title
	return p
}

// importOf is the campaign and the import that the URL names.
func (h *Handlers) importOf(r *http.Request) (c models.Campaign, i models.Import, err error) {
	if r.PathValue("campaign") == "" {
		return h.teamImport(r)
	}
	if c, err = h.campaignOf(r); err != nil {
		return c, i, err
	}
	id, err := pathID(r, "import")
	if err != nil {
		return c, i, err
	}
	i, err = h.db.Import(r.Context(), c.ID, id)
	return c, i, err
}

// ShowImport is where an import stands: what its columns are, how far it has come,
// or what came of it.
func (h *Handlers) ShowImport(w http.ResponseWriter, r *http.Request) error {
	c, i, err := h.importOf(r)
	if err != nil {
		return err
	}
	if i.State == models.ImportMapping {
		return h.showMapping(w, r, c, i, nil)
	}
	p := h.titled(r, c.Name)
	view := views.ImportView{Campaign: c, Import: i, Kind: importKind(r, i), After: after(r)}
	if i.State == models.ImportRunning {
		p.Refresh = 2
		if h.now().Sub(i.WorkedAt) > stillAfter {
			view.StillSince, view.NoRoom = i.WorkedAt, h.actions.NoRoom()
		}
	}
	if keep := h.actions.Sweeping.KeepUploads; keep > 0 {
		view.KeptUntil = i.CreatedAt.Add(keep)
	}
	if view.Rows, view.Next, err = h.importRows(r, view); err != nil {
		return err
	}
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.ImportStatus(p, view))
	}
	return h.Render(w, r, http.StatusOK, views.ImportPage(p, view))
}

// stillAfter is after how long without a sign of life the page of an import says so. By then, another
// process would have taken it up, if it could.
const stillAfter = time.Minute

// rowsPerPage is how many rows of a list are shown.
const rowsPerPage = 50

// importRows are the rows of the page, and where the next page begins; 0 if there
// is none.
func (h *Handlers) importRows(r *http.Request, v views.ImportView) (rows []models.ImportRow, next int64, err error) {
	if v.State != models.ImportDone || v.Kind == "" {
		return nil, 0, nil
	}
	rows, err = h.db.ImportRows(r.Context(), v.ID, v.Kind, v.After, rowsPerPage+1)
	if err != nil || len(rows) <= rowsPerPage {
		return rows, 0, err
	}
	rows = rows[:rowsPerPage]
	return rows, rows[rowsPerPage-1].Line, nil
}

// importKind is the kind of rows that the URL asks for, or else the first that
// there are.
func importKind(r *http.Request, i models.Import) models.ImportRowKind {
	for _, kind := range models.ImportRowKinds() {
		if r.URL.Query().Get("kind") == string(kind) {
			return kind
		}
	}
	for _, kind := range models.ImportRowKinds() {
		if views.ImportCount(i, kind) > 0 {
			return kind
		}
	}
	return ""
}

// after is where a page of a list begins.
func after(r *http.Request) int64 {
	n, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// MapImport takes what the columns are and starts the import, or reads the file in
// another way.
func (h *Handlers) MapImport(w http.ResponseWriter, r *http.Request) error {
	c, i, err := h.importOf(r)
	if err != nil {
		return err
	}
	ctx, actor, form := r.Context(), h.visit(r).actor, i
	if as, asked := readAs(r, i); asked {
		form.Encoding, form.Separator, form.Sheet, form.HasHeader, form.International = as.Encoding, as.Separator, as.Sheet, as.Header, as.International
		var uses []string
		if r.PostForm.Has(models.ColumnField(0)) {
			uses = mapping(r, len(i.Mapping))
		}
		err = h.actions.ReadImportAs(ctx, actor, c, i, as, uses)
	} else {
		form.Mapping = mapping(r, len(i.Mapping))
		err = h.actions.StartImport(ctx, actor, c, i, form.Mapping)
	}
	if err != nil && i.State == models.ImportMapping {
		return h.showMapping(w, r, c, form, err)
	}
	if err != nil {
		return err
	}
	return h.Redirect(w, r, views.ImportPath(c, i.ID), models.Text{})
}

// readAs is how the file is to be read: as it is by now, but for what a button of
// the form says.
func readAs(r *http.Request, i models.Import) (as actions.ReadAs, asked bool) {
	as = actions.ReadAs{Encoding: i.Encoding, Separator: i.Separator, Sheet: i.Sheet, Header: i.HasHeader, International: i.International}
	for name, take := range map[string]func(value string){
		"encoding":      func(value string) { as.Encoding = value },
		"separator":     func(value string) { as.Separator = value },
		"sheet":         func(value string) { as.Sheet = value },
		"header":        func(value string) { as.Header = value == "1" },
		"international": func(value string) { as.International = value == "1" },
	} {
		if value := r.PostFormValue(name); value != "" {
			take(value)
			asked = true
		}
	}
	return as, asked
}

// CancelImport ends an import that runs.
func (h *Handlers) CancelImport(w http.ResponseWriter, r *http.Request) error {
	c, i, err := h.importOf(r)
	if err != nil {
		return err
	}
	if err := h.actions.CancelImport(r.Context(), h.visit(r).actor, c, i); err != nil && models.KindOf(err) != models.Conflict {
		return err
	}
	return h.Redirect(w, r, views.ImportPath(c, i.ID), models.Text{})
}

// mapping is the chosen use of each of n columns.
func mapping(r *http.Request, n int) []string {
	uses := make([]string, n)
	for i := range uses {
		uses[i] = r.PostFormValue(models.ColumnField(i))
	}
	return uses
}

// mappingRows is how many rows of the file are shown above its columns' uses.
const mappingRows = 8

func (h *Handlers) showMapping(w http.ResponseWriter, r *http.Request, c models.Campaign, i models.Import, err error) error {
	view := views.MappingView{Campaign: c, Import: i, Names: c.Content.Names(c.Fallback)}
	var readErr error
	if view.Sheets, readErr = h.actions.ImportSheets(i); readErr != nil {
		return readErr
	}
	sheet, readErr := h.actions.PreviewImport(i, mappingRows)
	if readErr == nil {
		view.Columns, view.Header = len(i.Mapping), sheet.Header
		for _, row := range sheet.Rows {
			view.Rows = append(view.Rows, row.Fields)
		}
	} else if err == nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.MappingPage(h.titled(r, c.Name), view, err))
}

// DownloadImportRows is the rows of one kind as a CSV file.
func (h *Handlers) DownloadImportRows(w http.ResponseWriter, r *http.Request) error {
	_, i, err := h.importOf(r)
	if err != nil {
		return err
	}
	kind := importKind(r, i)
	var b bytes.Buffer
	if err := h.writeImportRows(&b, r, i, kind); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+string(kind)+`-rows.csv"`)
	if _, err := b.WriteTo(w); err != nil {
		h.log.DebugContext(r.Context(), "client went away", "error", err)
	}
	return nil
}

// DownloadRefused is the rows that were refused as the file has them, each behind the
// reason, so that they can be corrected and brought in again.
func (h *Handlers) DownloadRefused(w http.ResponseWriter, r *http.Request) error {
	c, i, err := h.importOf(r)
	if err != nil {
		return err
	}
	own, english := h.visit(r).locale, h.cfg.Catalogs.Locale("en")
	f, err := h.actions.RefusedFile(r.Context(), i, own.T("import.why"), english.T("import.why"), func(reason, column string) (text, plain string) {
		return views.ImportReasonIn(own, reason, column), views.ImportReasonIn(english, reason, column)
	})
	if models.KindOf(err) == models.Conflict {
		return h.Redirect(w, r, views.ImportPath(c, i.ID), models.TextOf(err))
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	name := strings.TrimSuffix(i.FileName, path.Ext(i.FileName))
	contentType, ext := "text/csv", ".csv"
	if i.Workbook() {
		contentType, ext = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": own.T("import.refused_name", "Name", name) + ext}))
	if _, err := io.Copy(w, f); err != nil {
		h.log.DebugContext(r.Context(), "client went away", "error", err)
	}
	return nil
}

// downloadChunk is how many rows are read at a time for a file.
const downloadChunk = 5000

func (h *Handlers) writeImportRows(w io.Writer, r *http.Request, i models.Import, kind models.ImportRowKind) error {
	v := h.visit(r)
	_, err := io.WriteString(w, "\ufeff") // without it, spreadsheets take the file for CP949
	out := csv.NewWriter(w)
	out.UseCRLF = true
	err = errors.Join(err, out.Write(views.ImportRowsHeader(v.locale, kind)))
	for line := int64(0); err == nil; {
		rows, readErr := h.db.ImportRows(r.Context(), i.ID, kind, line, downloadChunk)
		if readErr != nil {
			return readErr
		}
		for _, row := range rows {
			err = errors.Join(err, out.Write(defused(views.ImportRowFields(v.locale, row))))
			line = row.Line
		}
		if len(rows) < downloadChunk {
			break
		}
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// defused are fields that no spreadsheet takes for a formula.
func defused(fields []string) []string {
	for i, f := range fields {
		fields[i] = models.Defuse(f)
	}
	return fields
}
