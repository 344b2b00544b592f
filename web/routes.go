package web

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"soshik/handlers"
	"soshik/models"
)

// Route is one page or form of the site, and who may use it.
type Route struct {
	Method     string
	Pattern    string
	Permission models.Permission
	handle     handlers.Func
}

// Routes are all routes of the site.
func Routes(h *handlers.Handlers) []Route {
	return slices.Concat(
		peopleRoutes(h), senderRoutes(h), templateRoutes(h), imageRoutes(h), campaignRoutes(h), undoRoutes(h), deliveryRoutes(h), audienceRoutes(h),
	)
}

const get, post = http.MethodGet, http.MethodPost

func peopleRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/", models.SignedIn, h.Home},
		{get, "/sign-in", models.Anybody, h.NewSession},
		{post, "/sign-in", models.Anybody, h.CreateSession},
		{post, "/sign-out", models.SignedIn, h.DeleteSession},
		{get, "/setup", models.Anybody, h.NewFirstAdmin},
		{post, "/setup", models.Anybody, h.CreateFirstAdmin},
		{get, "/invitations/{token}", models.Anybody, h.ShowInvitation},
		{post, "/invitations/{token}", models.Anybody, h.TakeInvitation},
		{get, "/account", models.SignedIn, h.ShowAccount},
		{post, "/account", models.SignedIn, h.UpdateAccount},
		{post, "/account/mail", models.SignedIn, h.UpdateMail},
		{get, "/notifications", models.SignedIn, h.ListNotifications},
		{post, "/notifications/read", models.SignedIn, h.ReadNotifications},
		{post, "/notifications/{notification}/read", models.SignedIn, h.ReadNotification},
		{post, "/notifications/{notification}/open", models.SignedIn, h.OpenNotification},

		{get, "/teams/{team}", models.ViewTeam, h.ShowTeam},
		{get, "/appkeys/{appkey}", models.ViewTeam, h.ShowAppkey},
		{get, "/teams/{team}/appkeys", models.ViewTeam, h.ListAppkeys},
		{get, "/teams/{team}/appkeys/new", models.ManageAppkeys, h.NewAppkey},
		{post, "/teams/{team}/appkeys/new", models.ManageAppkeys, h.CreateAppkey},
		{get, "/appkeys/{appkey}/settings", models.ManageAppkeys, h.EditAppkey},
		{post, "/appkeys/{appkey}/settings", models.ManageAppkeys, h.UpdateAppkey},
		{post, "/appkeys/{appkey}/test", models.ManageAppkeys, h.TestAppkey},
		{get, "/appkeys/{appkey}/fallback", models.ManageAppkeys, h.EditFallbackAppkey},
		{post, "/appkeys/{appkey}/fallback", models.ManageAppkeys, h.SetFallbackAppkey},
		{get, "/teams/{team}/members", models.ManageMembers, h.ListMembers},
		{get, "/teams/{team}/members/new", models.ManageMembers, h.NewMember},
		{post, "/teams/{team}/members/new", models.ManageMembers, h.CreateMember},
		{get, "/teams/{team}/members/{user}", models.ManageMembers, h.ShowMember},
		{post, "/teams/{team}/members/{user}", models.ManageMembers, h.UpdateMember},
		{post, "/teams/{team}/members/{user}/remove", models.ManageMembers, h.DeleteMember},
		{post, "/teams/{team}/members/{user}/invitation", models.ManageMembers, h.InviteMember},
		{get, "/teams/{team}/audit", models.ViewAudit, h.ListAudit},
		{get, "/teams/{team}/stop", models.ViewTeam, h.ShowStop},
		{post, "/teams/{team}/stop", models.ManageCampaigns, h.StopSending},
		{post, "/teams/{team}/stop/lift", models.ManageTeam, h.LiftStop},
		{post, "/teams/{team}/stop/cancel", models.ManageCampaigns, h.CancelStopped},
		{get, "/appkeys/{appkey}/stop", models.ViewTeam, h.ShowStop},
		{post, "/appkeys/{appkey}/stop", models.ManageCampaigns, h.StopSending},
		{post, "/appkeys/{appkey}/stop/lift", models.ManageAppkeys, h.LiftStop},
		{post, "/appkeys/{appkey}/stop/cancel", models.ManageCampaigns, h.CancelStopped},
		{get, "/teams/{team}/settings", models.ManageTeam, h.ShowTeamSettings},
		{post, "/teams/{team}/settings", models.ManageTeam, h.SaveTeamSettings},
		{post, "/teams/{team}/settings/prices", models.ManageTeam, h.SavePrices},
		{get, "/teams/{team}/retention", models.ManageTeam, h.ShowRetention},
		{post, "/teams/{team}/retention", models.ManageTeam, h.SaveRetention},
		{get, "/teams/{team}/webhook", models.ManageTeam, h.ShowWebhook},
		{post, "/teams/{team}/webhook", models.ManageTeam, h.SaveWebhook},
		{post, "/teams/{team}/webhook/secret", models.ManageTeam, h.RotateWebhook},
		{post, "/teams/{team}/webhook/test", models.ManageTeam, h.TestWebhook},
		{post, "/teams/{team}/webhook/remove", models.ManageTeam, h.DeleteWebhook},
		{post, "/teams/{team}/webhook/deliveries/{delivery}/retry", models.ManageTeam, h.RetryDelivery},
		{post, "/teams/{team}/settings/test-numbers", models.ManageTeam, h.AddTestNumber},
		{post, "/teams/{team}/settings/test-numbers/{test_number}/remove", models.ManageTeam, h.RemoveTestNumber},
	}
}

func senderRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/appkeys/{appkey}/senders", models.ViewTeam, h.ListSenders},
		{get, "/appkeys/{appkey}/senders/refresh", models.ViewTeam, h.ShowRefresh},
		{post, "/appkeys/{appkey}/senders/refresh", models.ManageSenders, h.RefreshSenders},
		{get, "/appkeys/{appkey}/senders/new", models.ManageSenders, h.NewSender},
		{post, "/appkeys/{appkey}/senders/new", models.ManageSenders, h.CreateSender},
		{get, "/appkeys/{appkey}/senders/{sender}", models.ViewTeam, h.ShowSender},
		{post, "/appkeys/{appkey}/senders/{sender}/refresh", models.ManageSenders, h.RefreshSender},
		{post, "/appkeys/{appkey}/senders/{sender}/fallback", models.ManageSenders, h.SetFallback},
		{get, "/appkeys/{appkey}/senders/{sender}/delete", models.ManageSenders, h.ConfirmDeleteSender},
		{post, "/appkeys/{appkey}/senders/{sender}/delete", models.ManageSenders, h.DeleteSender},
		{get, "/appkeys/{appkey}/senders/{sender}/token", models.ManageSenders, h.NewToken},
		{post, "/appkeys/{appkey}/senders/{sender}/token", models.ManageSenders, h.EnterToken},

		{get, "/appkeys/{appkey}/groups", models.ViewTeam, h.ListGroups},
		{post, "/appkeys/{appkey}/groups", models.ManageSenders, h.CreateGroup},
		{get, "/appkeys/{appkey}/groups/{group}", models.ViewTeam, h.ShowGroup},
		{post, "/appkeys/{appkey}/groups/{group}/refresh", models.ManageSenders, h.RefreshGroup},
		{post, "/appkeys/{appkey}/groups/{group}/forget", models.ManageSenders, h.ForgetGroup},
		{get, "/appkeys/{appkey}/groups/{group}/add", models.ManageSenders, h.NewMembers},
		{post, "/appkeys/{appkey}/groups/{group}/add", models.ManageSenders, h.AddMembers},
		{post, "/appkeys/{appkey}/groups/{group}/remove", models.ManageSenders, h.RemoveMembers},
		{get, "/appkeys/{appkey}/groups/{group}/changes/{change}", models.ViewTeam, h.ShowChange},
		{post, "/appkeys/{appkey}/groups/{group}/changes/{change}/stop", models.ManageSenders, h.StopChange},
		{post, "/appkeys/{appkey}/groups/{group}/changes/{change}/resume", models.ManageSenders, h.ResumeChange},
	}
}

func templateRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/appkeys/{appkey}/templates", models.ViewTeam, h.ListTemplates},
		{get, "/appkeys/{appkey}/templates/new", models.ManageCampaigns, h.NewTemplate},
		{post, "/appkeys/{appkey}/templates/new", models.ManageCampaigns, h.CreateTemplate},
		{get, "/appkeys/{appkey}/templates/adopt", models.ManageCampaigns, h.NewAdoption},
		{post, "/appkeys/{appkey}/templates/adopt", models.ManageCampaigns, h.AdoptTemplate},
		{get, "/appkeys/{appkey}/templates/{template}/register", models.ManageCampaigns, h.ConfirmRegistration},
		{post, "/appkeys/{appkey}/templates/{template}/register", models.ManageCampaigns, h.RegisterTemplate},
		{post, "/appkeys/{appkey}/templates/{template}/check", models.ManageCampaigns, h.CheckTemplate},
		{get, "/appkeys/{appkey}/templates/{template}", models.ViewTeam, h.EditTemplate},
		{post, "/appkeys/{appkey}/templates/{template}", models.ManageCampaigns, h.SaveTemplate},
		{post, "/appkeys/{appkey}/templates/{template}/preview", models.ManageCampaigns, h.PreviewTemplate},
		{post, "/appkeys/{appkey}/templates/{template}/draft", models.ManageCampaigns, h.KeepTemplate},
		{post, "/appkeys/{appkey}/templates/{template}/duplicate", models.ManageCampaigns, h.DuplicateTemplate},
		{post, "/appkeys/{appkey}/templates/{template}/archive", models.ManageCampaigns, h.ArchiveTemplate},
		{post, "/appkeys/{appkey}/templates/{template}/unarchive", models.ManageCampaigns, h.UnarchiveTemplate},
		{post, "/appkeys/{appkey}/templates/{template}/campaign", models.ManageCampaigns, h.BeginCampaign},
		{get, "/appkeys/{appkey}/templates/{template}/test", models.ManageCampaigns, h.ShowTemplateTest},
		{post, "/appkeys/{appkey}/templates/{template}/test", models.ManageCampaigns, h.SendTemplateTest},
		{get, "/appkeys/{appkey}/templates/{template}/versions", models.ViewTeam, h.ListVersions},
		{post, "/appkeys/{appkey}/templates/{template}/versions/{version}/restore", models.ManageCampaigns, h.RestoreVersion},
	}
}

func imageRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/appkeys/{appkey}/images", models.ViewTeam, h.ListImages},
		{post, "/appkeys/{appkey}/images", models.ManageCampaigns, h.UploadImages},
		{get, "/appkeys/{appkey}/images/refresh", models.ViewTeam, h.ShowListing},
		{post, "/appkeys/{appkey}/images/refresh", models.ManageCampaigns, h.RefreshImages},
		{get, "/appkeys/{appkey}/images/delete", models.ManageCampaigns, h.ConfirmDeleteImages},
		{post, "/appkeys/{appkey}/images/delete", models.ManageCampaigns, h.DeleteImages},
		{get, "/appkeys/{appkey}/images/{image}", models.ViewTeam, h.ShowImage},
		{post, "/appkeys/{appkey}/images/{image}/upload", models.ManageCampaigns, h.UploadCopy},
		{get, "/appkeys/{appkey}/images/{image}/file", models.ViewTeam, h.ShowImageFile},
		{get, "/appkeys/{appkey}/images/{image}/thumbnail", models.ViewTeam, h.ShowThumbnail},
	}
}

func campaignRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/appkeys/{appkey}/campaigns", models.ViewTeam, h.ListCampaigns},
		{get, "/appkeys/{appkey}/campaigns/new", models.ManageCampaigns, h.NewCampaign},
		{post, "/appkeys/{appkey}/campaigns/new", models.ManageCampaigns, h.CreateCampaign},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/message", models.ViewTeam, h.EditMessage},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/message", models.ManageCampaigns, h.SaveMessage},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/message/preview", models.ManageCampaigns, h.PreviewMessage},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/message/draft", models.ManageCampaigns, h.KeepMessage},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/template", models.ManageCampaigns, h.ChooseTemplate},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/template", models.ManageCampaigns, h.TakeTemplate},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/fallback", models.ViewTeam, h.EditFallback},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/fallback", models.ManageCampaigns, h.SaveFallback},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/fallback/preview", models.ManageCampaigns, h.PreviewFallback},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/schedule", models.ViewTeam, h.EditSchedule},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/schedule", models.ManageCampaigns, h.SaveSchedule},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/schedule/preview", models.ManageCampaigns, h.PreviewSchedule},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/check", models.ViewTeam, h.ShowCheck},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/check", models.ManageCampaigns, h.CheckCampaign},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/check/{rows}", models.ViewTeam, h.ListCheckRows},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/check/{rows}/rows.csv", models.ViewNumbers, h.DownloadCheckRows},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/launch", models.ManageCampaigns, h.LaunchCampaign},
		{get, "/teams/{team}/approvals", models.Approve, h.ListApprovals},
		{post, "/teams/{team}/settings/approval", models.ManageTeam, h.SaveApprovalSettings},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/approval", models.ViewTeam, h.ShowApproval},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/approval", models.Approve, h.Decide},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/approval/ask", models.ManageCampaigns, h.AskApproval},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/approval/withdraw", models.ManageCampaigns, h.WithdrawApproval},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/test", models.ManageCampaigns, h.ShowTest},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/test", models.ManageCampaigns, h.SendTest},

		{get, "/appkeys/{appkey}/campaigns/{campaign}/recipients", models.ManageCampaigns, h.ShowRecipients},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/recipients", models.ManageCampaigns, h.UploadRecipients},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/recipients/{import}", models.ManageCampaigns, h.ShowImport},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/recipients/{import}", models.ManageCampaigns, h.MapImport},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/recipients/{import}/cancel", models.ManageCampaigns, h.CancelImport},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/recipients/{import}/rows.csv", models.ManageCampaigns, h.DownloadImportRows},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/recipients/{import}/refused", models.ManageCampaigns, h.DownloadRefused},
		{get, "/appkeys/{appkey}/campaigns/{campaign}", models.ViewTeam, h.ShowCampaign},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/messages", models.ViewTeam, h.ListMessages},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/pause", models.ManageCampaigns, h.PauseCampaign},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/resume", models.ManageCampaigns, h.ResumeCampaign},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/cancel", models.ManageCampaigns, h.ConfirmCancel},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/cancel", models.ManageCampaigns, h.CancelCampaign},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/batches/{number}/decide", models.ManageCampaigns, h.DecideBatch},
	}
}

func undoRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/appkeys/{appkey}/campaigns/calendar", models.ViewTeam, h.ShowCalendar},
		{get, "/teams/{team}/calendar", models.ViewTeam, h.ShowTeamCalendar},
		{get, "/teams/{team}/usage", models.ViewTeam, h.ShowUsage},
		{get, "/teams/{team}/usage.csv", models.ViewTeam, h.DownloadUsage},
		{get, "/appkeys/{appkey}/usage", models.ViewTeam, h.ShowAppkeyUsage},
		{get, "/appkeys/{appkey}/usage.csv", models.ViewTeam, h.DownloadAppkeyUsage},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/batches/cancel", models.ManageCampaigns, h.ConfirmCancelBatches},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/batches/cancel", models.ManageCampaigns, h.CancelBatches},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/messages/cancel", models.ManageCampaigns, h.ConfirmCancelMessages},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/messages/cancel", models.ManageCampaigns, h.CancelMessages},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/recalls/{recall}", models.ViewTeam, h.ShowRecall},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/move", models.ManageCampaigns, h.EditMove},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/move", models.ManageCampaigns, h.MoveCampaign},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/retry", models.ManageCampaigns, h.NewRetry},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/retry", models.ManageCampaigns, h.CreateRetry},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/copy", models.ManageCampaigns, h.CopyCampaign},
	}
}

func deliveryRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/appkeys/{appkey}/deliveries", models.ViewTeam, h.ListDeliveries},
		{get, "/appkeys/{appkey}/deliveries/live", models.ViewTeam, h.SearchLive},
		{post, "/appkeys/{appkey}/deliveries/live", models.ManageCampaigns, h.MendLive},
		{get, "/appkeys/{appkey}/messages/{message}", models.ViewTeam, h.ShowMessage},
		{post, "/appkeys/{appkey}/messages/{message}/refresh", models.ManageCampaigns, h.RefreshMessage},
	}
}

func audienceRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{get, "/teams/{team}/audiences", models.ViewTeam, h.ListAudiences},
		{get, "/teams/{team}/audiences/new", models.ManageCampaigns, h.NewAudience},
		{post, "/teams/{team}/audiences/new", models.ManageCampaigns, h.CreateAudience},
		{get, "/teams/{team}/audiences/{audience}", models.ViewTeam, h.ShowAudience},
		{post, "/teams/{team}/audiences/{audience}", models.ManageCampaigns, h.RenameAudience},
		{get, "/teams/{team}/audiences/{audience}/change", models.ManageCampaigns, h.EditAudience},
		{post, "/teams/{team}/audiences/{audience}/change", models.ManageCampaigns, h.ChangeAudience},
		{get, "/teams/{team}/audiences/{audience}/sample", models.ManageCampaigns, h.NewSample},
		{post, "/teams/{team}/audiences/{audience}/sample", models.ManageCampaigns, h.CreateSample},
		{get, "/teams/{team}/audiences/{audience}/delete", models.ManageCampaigns, h.ConfirmDeleteAudience},
		{post, "/teams/{team}/audiences/{audience}/delete", models.ManageCampaigns, h.DeleteAudience},
		{get, "/teams/{team}/audiences/{audience}/export.csv", models.ViewNumbers, h.ExportAudience},
		{post, "/teams/{team}/works/{work}/cancel", models.ManageCampaigns, h.CancelWork},
		{post, "/teams/{team}/works/{work}/retry", models.ManageCampaigns, h.RetryWork},
		{get, "/teams/{team}/suppressions", models.ViewTeam, h.ListSuppressions},
		{get, "/teams/{team}/suppressions/new", models.ManageCampaigns, h.NewSuppression},
		{post, "/teams/{team}/suppressions/new", models.ManageCampaigns, h.CreateSuppressions},
		{get, "/teams/{team}/suppressions/export.csv", models.ViewNumbers, h.ExportSuppressions},
		{get, "/teams/{team}/suppressions/{suppression}", models.ViewTeam, h.ShowSuppression},
		{post, "/teams/{team}/suppressions/{suppression}/remove", models.ManageCampaigns, h.RemoveSuppression},
		{get, "/teams/{team}/forget", models.ManageTeam, h.NewForgetting},
		{post, "/teams/{team}/forget", models.ManageTeam, h.Forget},
		{post, "/teams/{team}/settings/recipients", models.ManageTeam, h.SaveRecipientSettings},
		{get, "/teams/{team}/imports/{import}", models.ManageCampaigns, h.ShowImport},
		{post, "/teams/{team}/imports/{import}", models.ManageCampaigns, h.MapImport},
		{post, "/teams/{team}/imports/{import}/cancel", models.ManageCampaigns, h.CancelImport},
		{get, "/teams/{team}/imports/{import}/rows.csv", models.ManageCampaigns, h.DownloadImportRows},
		{get, "/teams/{team}/imports/{import}/refused", models.ManageCampaigns, h.DownloadRefused},
		{get, "/appkeys/{appkey}/campaigns/{campaign}/recipients/audiences", models.ManageCampaigns, h.NewTake},
		{post, "/appkeys/{appkey}/campaigns/{campaign}/recipients/audiences", models.ManageCampaigns, h.TakeAudiences},
	}
}

// routes answers everything that is a page. Static files and health checks stand
// before it.
func routes(h *handlers.Handlers) http.Handler {
	r := chi.NewRouter()
	for _, route := range Routes(h) {
		r.Method(route.Method, route.Pattern, h.Handle(route.Permission, route.handle))
	}
	r.NotFound(h.Handle(models.Anybody, h.NotFound))
	r.MethodNotAllowed(h.Handle(models.Anybody, h.MethodNotAllowed))
	return r
}
