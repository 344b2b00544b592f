package handlers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"soshik/models"
	"soshik/views"
)

// ListSenders shows the senders of an appkey as they were last read, narrowed and
// ordered as the URL asks; or only the list, while somebody types.
func (h *Handlers) ListSenders(w http.ResponseWriter, r *http.Request) error {
	list, err := h.senderList(r, senderFilter(r))
	if err != nil {
		return err
	}
	p := h.page(r, "nav.senders")
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.SenderTable(p, list))
	}
	if list.Refresh.State == models.RefreshRunning {
		p.Refresh = refreshWithoutScript
	}
	return h.Render(w, r, http.StatusOK, views.SendersPage(p, list))
}

// senderFilter is what the URL asks for; what it does not know leaves nothing out.
func senderFilter(r *http.Request) models.SenderFilter {
	q := r.URL.Query()
	f := models.SenderFilter{
		Name: strings.Trim(strings.TrimSpace(q.Get("q")), "@＠"), Key: strings.ToLower(strings.TrimSpace(q.Get("key"))), After: after(r),
	}
	if group := models.SenderStanding(q.Get("state")); slices.Contains(models.SenderStandings(), group) {
		f.Group = group
	}
	if sort := models.SenderSort(q.Get("sort")); slices.Contains(models.SenderSorts(), sort) {
		f.Sort = sort
	}
	return f
}

func (h *Handlers) senderList(r *http.Request, f models.SenderFilter) (l views.SenderList, err error) {
	ctx, k := r.Context(), h.visit(r).appkey
	l = views.SenderList{Filter: f, Now: h.now()}
	if l.Refresh, err = h.db.Refresh(ctx, k.ID); err != nil {
		return l, err
	}
	if l.Any, err = h.db.HasSenders(ctx, k.ID); err != nil || !l.Any {
		return l, err
	}
	if l.Count, err = h.db.CountSenders(ctx, k.ID, f); err != nil {
		return l, err
	}
	if l.Senders, err = h.db.ListedSenders(ctx, k.ID, f, l.Now, rowsPerPage+1); err != nil {
		return l, err
	}
	if len(l.Senders) > rowsPerPage {
		l.Senders = l.Senders[:rowsPerPage]
		l.Next = l.Senders[rowsPerPage-1].ID
	}
	return l, nil
}

// refreshPatience is how long a person who asks for fresh senders is made to wait for
// them. What takes longer shows its progress.
const refreshPatience = 2 * time.Second

// RefreshSenders has the senders read from the provider. How that failed is on the
// page of the senders, for everybody.
func (h *Handlers) RefreshSenders(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	if err := h.actions.AskRefresh(r.Context(), v.actor, v.appkey); err != nil {
		return err
	}
	last, err := h.actions.AwaitRefresh(r.Context(), v.appkey.ID, refreshPatience)
	if err != nil {
		return err
	}
	var flash models.Text
	switch {
	case last.State == models.RefreshDone && last.ReadCount == 0:
		flash = models.T("sender.refreshed_none")
	case last.State == models.RefreshDone:
		flash = models.T("sender.refreshed", "Count", last.ReadCount)
	}
	return h.Redirect(w, r, views.SendersPath(v.appkey.ID), flash)
}

// ShowRefresh is how far the reading of the senders has come: a part of their page.
func (h *Handlers) ShowRefresh(w http.ResponseWriter, r *http.Request) error {
	k := h.visit(r).appkey
	if !partial(r) {
		return h.Redirect(w, r, views.SendersPath(k.ID), models.Text{})
	}
	last, err := h.db.Refresh(r.Context(), k.ID)
	if err != nil {
		return err
	}
	return h.Render(w, r, http.StatusOK, views.RefreshStatus(h.page(r, "nav.senders"), last, true))
}
