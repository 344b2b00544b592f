package nhn

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// senderAPI is the part of the path before the appkey, in the configured version.
func (c *Client) senderAPI() string { return "/alimtalk/" + c.cfg.SenderVersion }

// Category is a kind of business that a sender belongs to. Its Code is that of its
// own level only: 3 digits, then 4, then 4; see [Leaves].
type Category struct {
	ParentCode    string
	Depth         int // 1 to 3
	Code          string
	Name          string
	SubCategories []Category // none on the third level
}

// Categories reads the tree of categories, three levels deep.
//
// GET /alimtalk/{version}/appkeys/{appkey}/sender/categories
//
// See docs/provider.md, endpoints 1 and 10.
func (c *Client) Categories(ctx context.Context) ([]Category, error) {
	out, err := call[struct {
		envelope
		Categories list[wireCategory] `json:"categories"`
	}](ctx, c, request{method: http.MethodGet, api: c.senderAPI(), path: "/sender/categories"})
	if err != nil {
		return nil, err
	}
	return categories(out.Categories), nil
}

// wireCategory is a category as it comes. That of the third level has null, an empty
// list or nothing for its own.
type wireCategory struct {
	ParentCode    text               `json:"parentCode"`
	Depth         number             `json:"depth"`
	Code          text               `json:"code"`
	Name          text               `json:"name"`
	SubCategories list[wireCategory] `json:"subCategories"`
}

func categories(ws []wireCategory) []Category {
	var out []Category
	for _, w := range ws {
		out = append(out, Category{string(w.ParentCode), int(w.Depth), string(w.Code), string(w.Name), categories(w.SubCategories)})
	}
	return out
}

// Leaves walks the categories that a sender can be registered under: the code of 11
// digits that [RegisterSenderRequest] wants, and the categories from the top to it.
func Leaves(tree []Category) iter.Seq2[string, []Category] {
	return func(yield func(string, []Category) bool) { walkLeaves("", nil, tree, yield) }
}

func walkLeaves(code string, path, tree []Category, yield func(string, []Category) bool) bool {
	for _, c := range tree {
		full, here := code+c.Code, slices.Concat(path, []Category{c})
		if len(c.SubCategories) > 0 {
			if !walkLeaves(full, here, c.SubCategories, yield) {
				return false
			}
		} else if !yield(full, here) {
			return false
		}
	}
	return true
}

// RegisterSenderRequest names a KakaoTalk channel to become a sender.
type RegisterSenderRequest struct {
	PlusFriendID string `json:"plusFriendId"` // with its leading @, at most 30 characters
	PhoneNo      string `json:"phoneNo"`      // the administrator's mobile, at most 15 characters; the token goes there
	CategoryCode string `json:"categoryCode"` // 11 digits, see [Leaves]
}

// RegisterSender asks for a sender; a token then arrives in the administrator's
// KakaoTalk, to be passed to [Client.EnterToken].
//
// POST /alimtalk/{version}/appkeys/{appkey}/senders
//
// See docs/provider.md, endpoints 2 and 11.
func (c *Client) RegisterSender(ctx context.Context, in RegisterSenderRequest) error {
	r := request{method: http.MethodPost, api: c.senderAPI(), path: "/senders"}
	if err := r.json(in); err != nil {
		return err
	}
	_, err := call[envelope](ctx, c, r)
	return err
}

// EnterToken finishes a registration. The sender is nil where the service answers
// without it, as its documents say; then it has to be listed. Of a sender in the
// answer only PlusFriendID, SenderKey, CategoryCode and Status are set.
//
// POST /alimtalk/{version}/appkeys/{appkey}/sender/token
//
// See docs/provider.md, endpoints 3 and 12.
func (c *Client) EnterToken(ctx context.Context, plusFriendID string, token int) (*Sender, error) {
	r := request{method: http.MethodPost, api: c.senderAPI(), path: "/sender/token"}
	in := struct {
		PlusFriendID string `json:"plusFriendId"`
		Token        int    `json:"token"`
	}{plusFriendID, token}
	if err := r.json(in); err != nil {
		return nil, err
	}
	out, err := call[senderAnswer](ctx, c, r)
	if err != nil || out.Sender.v.PlusFriendID == "" && out.Sender.v.SenderKey == "" {
		return nil, err
	}
	return new(out.Sender.v.sender()), nil
}

// DeleteSender deletes a sender, and the templates registered for it. There is no way
// back. A group's key is refused with kakao.CodeGroupUndeletable.
//
// DELETE /alimtalk/{version}/appkeys/{appkey}/senders/{senderKey}
//
// See docs/provider.md, endpoints 4 and 13.
func (c *Client) DeleteSender(ctx context.Context, senderKey string) error {
	key, err := segment(senderKey)
	if err != nil {
		return err
	}
	_, err = call[envelope](ctx, c, request{method: http.MethodDelete, api: c.senderAPI(), path: "/senders/" + key})
	return err
}

// Sender is a KakaoTalk channel that messages are sent from.
type Sender struct {
	PlusFriendID           string
	SenderKey              string // 40 characters
	CategoryCode           string // 11 digits
	Status                 string // kakao.SenderWaiting or kakao.SenderRegistered
	StatusName             string
	KakaoStatus            string // kakao.KakaoStatus…; this and the next three are empty while waiting
	KakaoStatusName        string
	KakaoProfileStatus     string // kakao.Profile…
	KakaoProfileStatusName string
	AlimTalk               SenderChannel
	FriendTalk             SenderChannel
	Dormant                bool
	Blocked                bool
	CreateDate             time.Time
	Raw                    string // the answer itself, JSON; not of [Client.EnterToken]
}

// SenderChannel is what a sender may send in one channel a day, and how its
// messages fall back to SMS.
type SenderChannel struct {
	ResendAppkey        string // of the SMS service; not told by sender API v2.0
	IsResend            bool   // failed messages go out by SMS unless a message says otherwise
	ResendSendNo        string
	ResendUnsubscribeNo string // FriendTalk only
	DailyMaxCount       int    // 0 is no limit
	SentCount           int    // today, in Korea
}

// Sender reads one sender.
//
// GET /alimtalk/{version}/appkeys/{appkey}/senders/{senderKey}
//
// See docs/provider.md, endpoints 5 and 14.
func (c *Client) Sender(ctx context.Context, senderKey string) (*Sender, error) {
	key, err := segment(senderKey)
	if err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, api: c.senderAPI(), path: "/senders/" + key}
	out, err := call[senderAnswer](ctx, c, r)
	if err != nil {
		return nil, err
	}
	if !out.Sender.ok {
		return nil, lacking(r, "sender")
	}
	return new(out.Sender.v.sender()), nil
}

// SenderFilter narrows [Client.Senders]. Zero fields do not.
type SenderFilter struct {
	PlusFriendID string
	SenderKey    string
	Status       string // kakao.SenderWaiting or kakao.SenderRegistered
	PageNum      int    // from 1; 0 is 1
	PageSize     int    // at most kakao.MaxPageSize; 0 is kakao.DefaultPageSize
}

func (f SenderFilter) query() url.Values {
	q := values{}
	q.set("plusFriendId", f.PlusFriendID)
	q.set("senderKey", f.SenderKey)
	q.set("status", f.Status)
	q.page(f.PageNum, f.PageSize)
	return url.Values(q)
}

// Senders lists one page of senders, and how many there are on all pages: -1 if the
// provider does not say.
//
// GET /alimtalk/{version}/appkeys/{appkey}/senders
//
// See docs/provider.md, endpoints 6 and 15.
func (c *Client) Senders(ctx context.Context, filter SenderFilter) (senders []Sender, total int, err error) {
	out, err := call[struct {
		envelope
		Senders    list[wireSender] `json:"senders"`
		TotalCount count            `json:"totalCount"`
	}](ctx, c, request{method: http.MethodGet, api: c.senderAPI(), path: "/senders", query: filter.query()})
	if err != nil {
		return nil, 0, err
	}
	senders = make([]Sender, len(out.Senders))
	for i := range out.Senders {
		senders[i] = out.Senders[i].sender()
	}
	return senders, out.TotalCount.of(len(senders)), nil
}

// AllSenders walks the senders of all pages from filter's on. It ends with the
// first error. See [Client.Senders].
func (c *Client) AllSenders(ctx context.Context, filter SenderFilter) iter.Seq2[Sender, error] {
	return walk(filter.PageNum, filter.PageSize, func(page, size int) ([]Sender, int, error) {
		filter.PageNum, filter.PageSize = page, size
		return c.Senders(ctx, filter)
	})
}

// SenderPage is one page of senders, and how many there are on all pages: -1 if the
// provider does not say.
type SenderPage struct {
	Senders []Sender
	Total   int
}

// SenderPages walks the pages from filter's on, the last of which may be empty. It
// ends with the first error.
func (c *Client) SenderPages(ctx context.Context, filter SenderFilter) iter.Seq2[SenderPage, error] {
	read := func(page, size int) ([]Sender, int, error) {
		filter.PageNum, filter.PageSize = page, size
		return c.Senders(ctx, filter)
	}
	return func(yield func(SenderPage, error) bool) {
		for p, err := range walkPages(filter.PageNum, filter.PageSize, read) {
			if !yield(SenderPage{p.list, p.total}, err) {
				return
			}
		}
	}
}

type senderAnswer struct {
	envelope
	Sender maybe[wireSender] `json:"sender"`
}

// wireSender is a sender as it comes.
type wireSender struct {
	PlusFriendID           text               `json:"plusFriendId"`
	SenderKey              text               `json:"senderKey"`
	CategoryCode           text               `json:"categoryCode"`
	Status                 text               `json:"status"`
	StatusName             text               `json:"statusName"`
	KakaoStatus            text               `json:"kakaoStatus"`
	KakaoStatusName        text               `json:"kakaoStatusName"`
	KakaoProfileStatus     text               `json:"kakaoProfileStatus"`
	KakaoProfileStatusName text               `json:"kakaoProfileStatusName"`
	AlimTalk               maybe[wireChannel] `json:"alimtalk"`
	FriendTalk             maybe[wireChannel] `json:"friendtalk"`
	Dormant                flexBool           `json:"dormant"`
	Block                  flexBool           `json:"block"`
	CreateDate             date               `json:"createDate"`
	raw                    string
}

type wireChannel struct {
	ResendAppkey        text     `json:"resendAppKey"`
	IsResend            flexBool `json:"isResend"`
	ResendSendNo        text     `json:"resendSendNo"`
	ResendUnsubscribeNo text     `json:"resendUnsubscribeNo"`
	DailyMaxCount       number   `json:"dailyMaxCount"`
	SentCount           number   `json:"sentCount"`
}

// UnmarshalJSON keeps the answer as it came beside what is read of it.
func (w *wireSender) UnmarshalJSON(b []byte) error {
	type plain wireSender
	w.raw = string(b)
	return json.Unmarshal(b, (*plain)(w))
}

func (w *wireSender) sender() Sender {
	return Sender{
		PlusFriendID: string(w.PlusFriendID), SenderKey: string(w.SenderKey), CategoryCode: string(w.CategoryCode),
		Status: string(w.Status), StatusName: string(w.StatusName),
		KakaoStatus: string(w.KakaoStatus), KakaoStatusName: string(w.KakaoStatusName),
		KakaoProfileStatus: string(w.KakaoProfileStatus), KakaoProfileStatusName: string(w.KakaoProfileStatusName),
		AlimTalk: w.AlimTalk.v.channel(), FriendTalk: w.FriendTalk.v.channel(),
		Dormant: bool(w.Dormant), Blocked: bool(w.Block), CreateDate: w.CreateDate.Time, Raw: w.raw,
	}
}

func (w *wireChannel) channel() SenderChannel {
	return SenderChannel{
		ResendAppkey: string(w.ResendAppkey), IsResend: bool(w.IsResend), ResendSendNo: string(w.ResendSendNo),
		ResendUnsubscribeNo: string(w.ResendUnsubscribeNo), DailyMaxCount: int(w.DailyMaxCount), SentCount: int(w.SentCount),
	}
}
