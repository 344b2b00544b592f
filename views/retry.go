package views

import (
	"slices"

	"soshik/models"
)

// RetryForm is the form by which failed messages of a campaign are sent again.
type RetryForm struct {
	models.Campaign

	Name     string // of the new campaign
	Codes    []models.RetryCode
	Chosen   []string
	Retries  []models.Campaign // that there are already
	Equation models.Equation
}

// Sensible are the codes with which sending again makes sense by itself.
func (f RetryForm) Sensible() []string {
	var codes []string
	for _, c := range f.Codes {
		if c.Sensible() {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

func (f RetryForm) chosen(c models.RetryCode) bool { return slices.Contains(f.Chosen, c.Code) }

// of are the codes that pass.
func (f RetryForm) of(pass func(models.RetryCode) bool) []models.RetryCode {
	return slices.DeleteFunc(slices.Clone(f.Codes), func(c models.RetryCode) bool { return !pass(c) })
}

func (f RetryForm) offered() []models.RetryCode {
	return f.of(func(c models.RetryCode) bool { return c.Choosable() && !c.Lost() })
}

func (f RetryForm) lost() []models.RetryCode { return f.of(models.RetryCode.Lost) }

func (f RetryForm) never() []models.RetryCode { return f.of(models.RetryCode.Never) }

// RetryPath is the form by which failed messages of a campaign are sent again.
func RetryPath(c models.Campaign) string { return CampaignPath(c) + "/retry" }

// CopyPath is what begins a copy of a campaign.
func CopyPath(c models.Campaign) string { return CampaignPath(c) + "/copy" }

// retries reports whether failed messages can be sent again.
func (v Progress) retries() bool {
	return v.Retryable() && slices.ContainsFunc(v.Codes, func(c models.CodeCount) bool {
		switch c.State {
		case models.MessageFailed, models.MessageRefused, models.MessageLost:
			return models.RetryCode{Code: c.Code}.Choosable()
		}
		return false
	})
}

// sameAppkey is the campaign with the id, of the appkey of c.
func sameAppkey(c models.Campaign, id int64) models.Campaign {
	return models.Campaign{ID: id, AppkeyID: c.AppkeyID}
}
