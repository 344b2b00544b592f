package nhnsim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/internal/jsontext"
)

// reply is what the API answers, always under HTTP 200.
type reply struct {
	code    int
	message string
	body    buf // members that follow the header, each with a comma behind it
}

func succeed(body buf) reply { return reply{message: "SUCCESS", body: body} }

// refuse answers with a failure's code. The arguments fill the gaps of its message.
func refuse(code int, args ...any) reply { return reply{code: code, message: describe(code, args...)} }

const jsonType = "application/json;charset=UTF-8"

func (a reply) json() []byte {
	b := make(buf, 0, len(a.body)+128)
	b = append(b, `{"header":{`...)
	b = b.int("resultCode", a.code)
	b = b.text("resultMessage", a.message)
	b = b.bool("isSuccessful", a.code == kakao.CodeOK)
	b = append(b.end('}'), ',')
	return append(b, a.body...).end('}')
}

func (a reply) write(w http.ResponseWriter) { writeBody(w, jsonType, a.json()) }

func writeBody(w http.ResponseWriter, contentType string, b []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // who does not wait for the answer does not get it
}

// isJSON takes every content type that begins like JSON's, as the real service does.
func isJSON(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "application/json")
}

// otherBodies are the content types of the POST endpoints that do not take JSON.
var otherBodies = map[string]func(contentType string) bool{
	uploadOp:    isMultipart,
	templateOp:  func(string) bool { return true }, // it looks itself
	addMemberOp: func(string) bool { return true }, // it has no body
}

// takes reports whether an endpoint takes a body of a request's content type.
func takes(op string, r *http.Request) bool {
	takes := otherBodies[op]
	if takes == nil {
		takes = isJSON
	}
	return r.Method != http.MethodPost || takes(r.Header.Get("Content-Type"))
}

// unread is the answer to a body that is larger than any that is read, or broke off.
func unread(op string) reply {
	if op == uploadOp {
		return refuse(kakao.CodeImageSize, maxImageText)
	}
	return refuse(kakao.CodeBody)
}

// buf is JSON under construction: every member and element is written with a comma
// behind it, which end turns into the closing bracket.
type buf []byte

func (b buf) end(bracket byte) buf {
	if n := len(b) - 1; b[n] == ',' {
		b[n] = bracket
		return b
	}
	return append(b, bracket)
}

func (b buf) name(name string) buf {
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func (b buf) text(name, v string) buf {
	return append(jsontext.AppendString(b.name(name), v), ',')
}

// null writes a string, or null for an empty one.
func (b buf) null(name, v string) buf {
	if v == "" {
		return append(b.name(name), "null,"...)
	}
	return b.text(name, v)
}

func (b buf) int(name string, v int) buf {
	return append(strconv.AppendInt(b.name(name), int64(v), 10), ',')
}

func (b buf) bool(name string, v bool) buf {
	return append(strconv.AppendBool(b.name(name), v), ',')
}

// date writes a moment in Korean time, or null for none.
func (b buf) date(name, layout string, ms int64) buf {
	if ms == 0 {
		return append(b.name(name), "null,"...)
	}
	b = append(b.name(name), '"')
	b = time.UnixMilli(ms).In(kakao.KST).AppendFormat(b, layout)
	return append(b, '"', ',')
}

// messages are the API's own texts, with {} where a name or a limit belongs.
var messages = map[int]string{
	kakao.CodeParameter:        "The '{}' is invalid.",
	kakao.CodeAppkey:           "Invalid appKey.",
	kakao.CodeSecretKey:        "Invalid secretKey.",
	kakao.CodeSMSAppkey:        "Invalid Sms appkey",
	kakao.CodeSMSSendNo:        "Invalid Sms Sendno",
	kakao.CodeSenderExists:     "Already registered plus friend.",
	kakao.CodeIdempotencyKey:   "The same 'X-NC-API-IDEMPOTENCY-KEY' was used within the last 10 minute.",
	kakao.CodeToken:            "Failed to register plus friend token.",
	kakao.CodeGroupNotFound:    "Not exist plus friend group.",
	kakao.CodeSenderInactive:   "Not active status plus friend.",
	kakao.CodeMessageNotFound:  "It is not found any messages responding with that requestId or recipientSeq.",
	kakao.CodeDailyMax:         "Exceeded the daily max count.",
	kakao.CodeGroupMember:      "This is a plusFriend that has already been added.",
	kakao.CodeUnsubscribeNo:    "Invalid Sms UnSubscribeno",
	kakao.CodeNotGroupMember:   "This is not a plusFriend added to the group.",
	kakao.CodeSenderIsGroup:    "The sender-group can't send the message.",
	kakao.CodeGroupUndeletable: "The sender-group can't deleted.",
	kakao.CodeGroupFull:        "The maximum number of members in a group is 5000.",
	kakao.CodeSenderBlocked:    "The sender is blocked status.",
	kakao.CodeGroupFirstTime:   "Blacklist can't join the group.",
	kakao.CodeSelfVerification: "Self verification is required to use this service.",
	kakao.CodeAllRefused:       "All of receivers are failed to send.",
	kakao.CodeTooLong:          "The '{}' must be at less than or equal to {}.",
	kakao.CodeBlank:            "The '{}' must not be blank.",
	kakao.CodeNull:             "The '{}' must not be null.",
	kakao.CodeTooSmall:         "The '{}' must be greater than or equal to {}.",
	kakao.CodeNotBetween:       "The '{}' must be between {} and {}.",
	kakao.CodeTooLarge:         "The '{}' must be less than or equal to {}.",
	kakao.CodeSenderNotFound:   "Not exist plus friend.",
	kakao.CodeButton:           "Button parameter is invalid.",
	kakao.CodeImageLink:        "The 'imageLink' is required if you request the 'image'.",
	kakao.CodeContentImage:     "The 'content' is too long. If you request the 'image', It can be less than 400 characters.",
	kakao.CodeContent:          "The 'content' is too long. It can be less than 1,000 characters without any image.",
	kakao.CodePast:             "You can not send messages on past dates. Please check `requestDate` again.",
	kakao.CodeHorizon:          "You can not send messages after {} days. Please check `requestDate` again.",
	kakao.CodeDateFormat:       "The '{}' has invalid format.",
	kakao.CodeRequestID:        "The `requestId` is invalid",
	kakao.CodeNothingToCancel:  "All of your messages to cancel are not found or do not meet conditions to cancel.",
	kakao.CodeContentWide:      "The 'content' is too long. If you request the 'wide-image', It must be less than 76 characters.",
	kakao.CodeButtonsWide:      "The 'buttons' is too many. If you request the 'wide-image', It must be less than 2 buttons size.",
	kakao.CodeFallbackNotSet:   "Please set up the plus-friend resend setting.",
	kakao.CodeLinkMissing:      "If template have a WL(webLink), must input linkMo",
	kakao.CodeBody:             "Field is not valid.",
	kakao.CodeLinkScheme:       "The linkMo/linkPc must include http:// or https://",
	kakao.CodeAppLink:          "If there is an AL(appLink), schemeAndroid and schemeIos must be entered.",
	kakao.CodeButtonName:       "Not exist button name.",
	kakao.CodeButtonType:       "Button type is invalid.",
	kakao.CodeInvalid:          "Invalid parameter",
	kakao.CodeSearchRange:      "Search is possible within {} days.",
	kakao.CodeAppkeyDisabled:   "Appkey is disabled.",
	kakao.CodeImageSize:        "The file size is less than {}.",
	kakao.CodeImageType:        "Check the file extension.",
	kakao.CodeTooOld:           "You can not search the messages before 90 days.",
	kakao.CodeSearchConditions: "RequestId or startRequestDate/endRequestDate is invalid.",
	kakao.CodeFallbackMessage:  "Resend Message is invalid.",
	kakao.CodeRecipientNo:      "RecipientNo is invalid.",
	kakao.CodeImageSeq:         "The 'imageSeq' is empty.",
	kakao.CodeImageBroken:      "The image you upload is invalid.",
	kakao.CodeImageNotFound:    "It is not found any images.",
	kakao.CodeNoSender:         "Your project doesn't have any plus friends. Please register it at first.",
	codeImageUpload:            "Uploading image file has failed for an unexpected error.",
	kakao.CodePartMissing:      "Required request part is not present.",
	kakao.CodeCreateUser:       "The 'createUser' is too long. It can be less than 100 characters.",
	kakao.CodeFriendTalkEnded:  "The API is no longer supported. Please migrate to the new brand-message endpoint/API.",
	kakao.CodeArgumentType:     "A method argument has not the expected type.",
	kakao.CodeContentType:      "Only application/json Content-type is supported.",
	kakao.CodeUnknownAPI:       "Not exist API",
	kakao.CodeSystem:           "System error. Please inquire at support@toast.com.",
}

// describe is the message of a code with args in its gaps. A fault may give a code of
// which nobody knows what would stand there: a question mark then does.
func describe(code int, args ...any) string {
	m, ok := messages[code]
	if !ok {
		m, ok = templateMessages[code]
	}
	if !ok {
		return "Failure " + strconv.Itoa(code)
	}
	for _, a := range args {
		m = strings.Replace(m, "{}", fmt.Sprint(a), 1)
	}
	return strings.ReplaceAll(m, "{}", "?")
}
