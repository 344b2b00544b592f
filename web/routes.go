package web

import (
	"net/http"

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
	get, post := http.MethodGet, http.MethodPost
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

		{get, "/teams/{team}", models.ViewTeam, h.ShowTeam},
		{get, "/teams/{team}/appkeys", models.ViewTeam, h.ListAppkeys},
		{get, "/teams/{team}/appkeys/new", models.ManageAppkeys, h.NewAppkey},
		{post, "/teams/{team}/appkeys/new", models.ManageAppkeys, h.CreateAppkey},
		{get, "/appkeys/{appkey}/settings", models.ManageAppkeys, h.EditAppkey},
		{post, "/appkeys/{appkey}/settings", models.ManageAppkeys, h.UpdateAppkey},
		{post, "/appkeys/{appkey}/test", models.ManageAppkeys, h.TestAppkey},
		{get, "/teams/{team}/members", models.ManageMembers, h.ListMembers},
		{get, "/teams/{team}/members/new", models.ManageMembers, h.NewMember},
		{post, "/teams/{team}/members/new", models.ManageMembers, h.CreateMember},
		{get, "/teams/{team}/members/{user}", models.ManageMembers, h.ShowMember},
		{post, "/teams/{team}/members/{user}", models.ManageMembers, h.UpdateMember},
		{post, "/teams/{team}/members/{user}/remove", models.ManageMembers, h.DeleteMember},
		{post, "/teams/{team}/members/{user}/invitation", models.ManageMembers, h.InviteMember},
		{get, "/teams/{team}/audit", models.ViewAudit, h.ListAudit},
		{get, "/appkeys/{appkey}/senders", models.ViewTeam, h.ListSenders},
		{post, "/appkeys/{appkey}/senders/refresh", models.ManageSenders, h.RefreshSenders},
		{get, "/appkeys/{appkey}/senders/new", models.ManageSenders, h.NewSender},
		{post, "/appkeys/{appkey}/senders/new", models.ManageSenders, h.CreateSender},
		{get, "/appkeys/{appkey}/senders/{sender}", models.ViewTeam, h.ShowSender},
		{post, "/appkeys/{appkey}/senders/{sender}/refresh", models.ManageSenders, h.RefreshSender},
		{post, "/appkeys/{appkey}/senders/{sender}/fallback", models.ManageSenders, h.SetFallback},
		{get, "/appkeys/{appkey}/senders/{sender}/token", models.ManageSenders, h.NewToken},
		{post, "/appkeys/{appkey}/senders/{sender}/token", models.ManageSenders, h.EnterToken},
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
