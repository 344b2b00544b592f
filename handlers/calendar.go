package handlers

import (
	"net/http"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// ShowCalendar is when the campaigns of an appkey are sent.
func (h *Handlers) ShowCalendar(w http.ResponseWriter, r *http.Request) error {
	return h.showCalendar(w, r, h.visit(r).appkey.ID)
}

// ShowTeamCalendar is when the campaigns of a team are sent, whatever their appkeys.
func (h *Handlers) ShowTeamCalendar(w http.ResponseWriter, r *http.Request) error {
	return h.showCalendar(w, r, 0)
}

func (h *Handlers) showCalendar(w http.ResponseWriter, r *http.Request, appkeyID int64) error {
	v := views.Calendar{CalendarSpan: calendarSpan(r, h.now()), AppkeyID: appkeyID, Today: h.now()}
	team := h.visit(r).team.ID
	var err error
	if v.Entries, err = h.db.Calendar(r.Context(), team, appkeyID, v.Begin(), v.End()); err != nil {
		return err
	}
	if appkeyID == 0 {
		appkeys, err := h.db.Appkeys(r.Context(), team)
		if err != nil {
			return err
		}
		v.Appkeys = map[int64]string{}
		for _, k := range appkeys {
			v.Appkeys[k.ID] = k.Name
		}
	}
	return h.Render(w, r, http.StatusOK, views.CalendarPage(h.page(r, "calendar.title"), v))
}

// calendarSpan is what the URL asks for: ?week=2006-01-02 or ?month=2006-01, or else the
// month of now.
func calendarSpan(r *http.Request, now time.Time) models.CalendarSpan {
	q := r.URL.Query()
	if day, err := time.ParseInLocation(time.DateOnly, q.Get("week"), kakao.KST); err == nil {
		return models.CalendarOf(day, true)
	}
	if day, err := time.ParseInLocation("2006-01", q.Get("month"), kakao.KST); err == nil {
		return models.CalendarOf(day, false)
	}
	return models.CalendarOf(now, q.Has("week"))
}
