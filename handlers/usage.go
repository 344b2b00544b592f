package handlers

import (
	"net/http"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// usageCampaigns is how many campaigns a page of a month's usage lists.
const usageCampaigns = 30

// ShowUsage is what a team has sent in a month, whatever the appkey.
func (h *Handlers) ShowUsage(w http.ResponseWriter, r *http.Request) error {
	return h.showUsage(w, r, 0)
}

// ShowAppkeyUsage is what an appkey has sent in a month.
func (h *Handlers) ShowAppkeyUsage(w http.ResponseWriter, r *http.Request) error {
	return h.showUsage(w, r, h.visit(r).appkey.ID)
}

// DownloadUsage is what a team has sent in a month as a CSV file.
func (h *Handlers) DownloadUsage(w http.ResponseWriter, r *http.Request) error {
	return h.downloadUsage(w, r, 0)
}

// DownloadAppkeyUsage is what an appkey has sent in a month as a CSV file.
func (h *Handlers) DownloadAppkeyUsage(w http.ResponseWriter, r *http.Request) error {
	return h.downloadUsage(w, r, h.visit(r).appkey.ID)
}

func (h *Handlers) showUsage(w http.ResponseWriter, r *http.Request, appkeyID int64) error {
	v, span, err := h.usage(r, appkeyID)
	if err != nil {
		return err
	}
	if v.Lines, err = h.db.UsageOfSenders(r.Context(), span); err != nil {
		return err
	}
	v.Before, _ = strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if v.Campaigns, err = h.db.UsageOfCampaigns(r.Context(), span, v.Before, usageCampaigns+1); err != nil {
		return err
	}
	if len(v.Campaigns) > usageCampaigns {
		v.Campaigns = v.Campaigns[:usageCampaigns]
		v.Next = v.Campaigns[usageCampaigns-1].Campaign.ID
	}
	return h.Render(w, r, http.StatusOK, views.UsagePage(h.page(r, "usage.title"), v))
}

// usage is the month that the URL asks for, ?month=2006-01, or else that of now, with
// what its pages and files have in common.
func (h *Handlers) usage(r *http.Request, appkeyID int64) (v views.UsageView, span models.UsageSpan, err error) {
	team := h.visit(r).team
	v = views.UsageView{This: models.MonthOf(h.now()), AppkeyID: appkeyID, Prices: team.Prices, Names: map[int64]string{}}
	v.Month = v.This
	if month, err := time.ParseInLocation("2006-01", r.URL.Query().Get("month"), kakao.KST); err == nil {
		v.Month = month
	}
	appkeys, err := h.db.Appkeys(r.Context(), team.ID)
	for _, k := range appkeys {
		v.Names[k.ID] = k.Name
	}
	return v, models.UsageSpan{TeamID: team.ID, AppkeyID: appkeyID}.InMonth(v.Month), err
}

func (h *Handlers) downloadUsage(w http.ResponseWriter, r *http.Request, appkeyID int64) error {
	v, span, err := h.usage(r, appkeyID)
	if err != nil {
		return err
	}
	l, before := h.visit(r).locale, int64(0)
	csvHeaders(w, "usage-"+v.Month.Format("2006-01"))
	h.stream(r, w, views.UsageHeader(l), func() ([][]string, error) {
		us, err := h.db.UsageOfCampaigns(r.Context(), span, before, downloadChunk)
		lines := make([][]string, len(us))
		for i, u := range us {
			lines[i], before = views.UsageFields(l, v, u), u.Campaign.ID
		}
		return lines, err
	})
	return nil
}
