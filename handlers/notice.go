package handlers

import (
	"net/http"
	"strconv"

	"soshik/models"
	"soshik/views"
)

// ListNotifications shows what the person is told of, the newest first.
func (h *Handlers) ListNotifications(w http.ResponseWriter, r *http.Request) error {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the first page
	rows, err := h.db.Notifications(r.Context(), h.visit(r).actor.User.ID, before, rowsPerPage+1)
	if err != nil {
		return err
	}
	list := views.NotificationList{Rows: rows, First: before <= 0}
	if len(rows) > rowsPerPage {
		list.Rows = rows[:rowsPerPage]
		list.Next = list.Rows[rowsPerPage-1].ID
	}
	if len(rows) > 0 {
		list.Newest = rows[0].ID
	}
	return h.Render(w, r, http.StatusOK, views.NotificationsPage(h.page(r, "notice.title"), list))
}

// ReadNotifications marks everything as read that the person has seen listed.
func (h *Handlers) ReadNotifications(w http.ResponseWriter, r *http.Request) error {
	if err := h.actions.ReadNotifications(r.Context(), h.visit(r).actor, number(r, "until")); err != nil {
		return err
	}
	return h.Redirect(w, r, views.NotificationsPath, models.T("notice.all_read"))
}

// ReadNotification marks one notification as read.
func (h *Handlers) ReadNotification(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := h.readNotification(r); err != nil {
		return err
	}
	return h.Redirect(w, r, views.NotificationsPath, models.Text{})
}

// OpenNotification marks a notification as read and leads to what it is about. One that
// is not the person's leads back to the list.
func (h *Handlers) OpenNotification(w http.ResponseWriter, r *http.Request) error {
	row, found, err := h.readNotification(r)
	if err != nil {
		return err
	}
	if !found {
		return h.Redirect(w, r, views.NotificationsPath, models.Text{})
	}
	return h.Redirect(w, r, views.NoticePath(row.Notice), models.Text{})
}

func (h *Handlers) readNotification(r *http.Request) (models.NotificationRow, bool, error) {
	id, err := pathID(r, "notification")
	if err != nil {
		return models.NotificationRow{}, false, err
	}
	return h.actions.ReadNotification(r.Context(), h.visit(r).actor, id)
}

// UpdateMail keeps what the person wants to be told of.
func (h *Handlers) UpdateMail(w http.ResponseWriter, r *http.Request) error {
	in := models.MailPreferences{FollowsAll: checked(r, "follows")}
	if err := r.ParseForm(); err != nil {
		return models.Errorf(models.Invalid, "error.invalid")
	}
	for _, topic := range r.PostForm["topic"] {
		in.Topics = append(in.Topics, models.Topic(topic))
	}
	if err := h.actions.SetMailPreferences(r.Context(), h.visit(r).actor, in); err != nil {
		return err
	}
	return h.Redirect(w, r, "/account", models.T("notice.saved"))
}
