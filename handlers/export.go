package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"soshik/internal/actions"
	"soshik/models"
	"soshik/views"
)

// exportsPerPage is how many exports a page of the list has.
const exportsPerPage = 25

// ListExports shows the exports of an appkey: a person's own, and to those who look after
// the appkey all.
func (h *Handlers) ListExports(w http.ResponseWriter, r *http.Request) error {
	return h.showExports(w, r, nil)
}

func (h *Handlers) showExports(w http.ResponseWriter, r *http.Request, err error) error {
	v, list := h.visit(r), views.ExportList{Before: queryID(r, "before")}
	by := v.actor.User.ID
	if v.actor.Can(models.ManageAppkeys) {
		by = 0
	}
	es, readErr := h.db.ExportsOf(r.Context(), v.appkey.ID, by, list.Before, exportsPerPage+1)
	if readErr != nil {
		return readErr
	}
	if len(es) > exportsPerPage {
		es = es[:exportsPerPage]
		list.Next = es[exportsPerPage-1].ID
	}
	for _, e := range es {
		view, readErr := h.exportView(r.Context(), e)
		if readErr != nil {
			return readErr
		}
		list.Exports = append(list.Exports, view)
	}
	return h.RenderForm(w, r, err, views.ExportsPage(h.page(r, "export.list"), list, err))
}

// exportView is an export as a page shows it.
func (h *Handlers) exportView(ctx context.Context, e models.Export) (view views.ExportView, err error) {
	view = views.ExportView{Export: e, By: h.nameOf(ctx, e.CreatedBy), Now: h.now()}
	if view.Search, err = e.Filter(); err != nil {
		return view, err
	}
	view.Names, err = h.db.DeliveryNames(ctx, e.AppkeyID, view.Search)
	return view, err
}

// CreateExport has what a search of deliveries finds written into a file.
func (h *Handlers) CreateExport(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	filter, err := deliveryFilter(r)
	if err != nil {
		return h.showExports(w, r, err)
	}
	in := actions.NewExport{Filter: filter, Format: models.ExportFormat(field(r, "format")), Locale: v.locale.Tag}
	e, err := h.actions.CreateExport(r.Context(), v.actor, v.appkey, in)
	if err != nil {
		return h.showExports(w, r, err)
	}
	return h.Redirect(w, r, views.ExportPath(e), models.Text{})
}

// export is the one that the URL names, if the person may see to it.
func (h *Handlers) export(r *http.Request) (e models.Export, err error) {
	id, err := pathID(r, "export")
	if err != nil {
		return e, err
	}
	v := h.visit(r)
	if e, err = h.db.Export(r.Context(), v.appkey.ID, id); err != nil {
		return e, err
	}
	return e, actions.MayExport(v.actor, e)
}

// ShowExport is how far an export has come, and its file.
func (h *Handlers) ShowExport(w http.ResponseWriter, r *http.Request) error {
	return h.showExport(w, r, nil)
}

func (h *Handlers) showExport(w http.ResponseWriter, r *http.Request, err error) error {
	e, readErr := h.export(r)
	if readErr != nil {
		return readErr
	}
	view, readErr := h.exportView(r.Context(), e)
	if readErr != nil {
		return readErr
	}
	p := h.page(r, "export.title")
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.ExportStatus(p, view))
	}
	if e.State == models.ExportRunning {
		p.Refresh = refreshWithoutScript
	}
	return h.RenderForm(w, r, err, views.ExportPage(p, view, err))
}

// DownloadExport is the file of an export.
func (h *Handlers) DownloadExport(w http.ResponseWriter, r *http.Request) error {
	e, err := h.export(r)
	if err != nil {
		return err
	}
	f, err := h.actions.OpenExport(r.Context(), h.visit(r).actor, e)
	if err != nil {
		return h.showExport(w, r, err)
	}
	w.Header().Set("Content-Type", exportType(e.Format))
	w.Header().Set("Content-Length", strconv.FormatInt(e.Bytes, 10))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+views.ExportFileName(e)+`"`)
	_, err = io.Copy(w, f)
	if err = errors.Join(err, f.Close()); err != nil {
		h.log.WarnContext(r.Context(), "a download was broken off", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func exportType(format models.ExportFormat) string {
	if format == models.FormatXLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// StopExport ends an export that is being written.
func (h *Handlers) StopExport(w http.ResponseWriter, r *http.Request) error {
	e, err := h.export(r)
	if err != nil {
		return err
	}
	if err := h.actions.StopExport(r.Context(), h.visit(r).actor, e); err != nil {
		return h.showExport(w, r, err)
	}
	return h.Redirect(w, r, views.ExportPath(e), models.Text{})
}

// RemoveExport takes an export off the list, with its file.
func (h *Handlers) RemoveExport(w http.ResponseWriter, r *http.Request) error {
	e, err := h.export(r)
	if err != nil {
		return err
	}
	if err := h.actions.RemoveExport(r.Context(), h.visit(r).actor, e); err != nil {
		return h.showExport(w, r, err)
	}
	return h.Redirect(w, r, views.ExportsPath(e.AppkeyID), models.T("export.removed"))
}
