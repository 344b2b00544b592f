package models

import (
	"slices"

	"soshik/internal/kakao"
)

// Sample is a message to begin a template with. What differs from person to person,
// and what only the sender can know, are variables: those without which the message
// would be wrong have no default, so that nobody sends it by mistake.
type Sample struct {
	ID      string // names it in forms and, behind "template.sample.", in the catalogs
	Name    string // of a template that is made of it, unless it gets another one
	Content Content
}

// In is what the sample says on a channel.
func (s Sample) In(ch Channel) Content {
	c := s.Content
	c.Buttons = slices.Clone(c.Buttons)
	if ch.Registers() {
		c.Ad, c.MessageType, c.ContentType = true, kakao.TemplateImage, kakao.TemplateVariable
	}
	return c
}

// SampleWith is the sample of that id; found is false if there is none.
func SampleWith(id string) (s Sample, found bool) {
	i := slices.IndexFunc(Samples(), func(s Sample) bool { return s.ID == id })
	if i < 0 {
		return s, false
	}
	return Samples()[i], true
}

// Samples are the ready messages, in Korean as their readers are.
func Samples() []Sample {
	return []Sample{
		{"event", "매장 행사 초대", Content{Ad: true, Text: sampleEvent, Buttons: []Button{
			link("행사 미리 보기", "https://www.example.com/event"), link("오시는 길", "https://www.example.com/map"),
		}}},
		{"reservation", "예약 확정 안내", Content{Text: sampleReservation, Buttons: []Button{
			link("예약 확인하기", "https://www.example.com/reservations/#{예약번호}"), {Type: kakao.ButtonBotKey, Name: "예약 변경 문의"},
		}}},
		{"delivery", "배송 출발 안내", Content{Text: sampleDelivery, Buttons: []Button{
			link("배송 조회하기", "https://www.example.com/delivery/#{운송장번호}"), {Type: kakao.ButtonDelivery, Name: "상품 문의하기"},
		}}},
		{"coupon", "다시 만나는 할인 쿠폰", Content{Ad: true, Text: sampleCoupon, Buttons: []Button{
			link("쿠폰 쓰러 가기", "https://www.example.com/coupons/#{쿠폰번호}"), link("인기 상품 보기", "https://www.example.com/best"),
		}}},
		{"survey", "이용 만족도 설문", Content{Ad: true, Text: sampleSurvey, Buttons: []Button{
			link("설문 참여하기", "https://www.example.com/survey?who=#{고객번호|guest}"),
		}}},
		{"notice", "휴무와 배송 일정 공지", Content{Text: sampleNotice, Buttons: []Button{
			link("공지 자세히 보기", "https://www.example.com/notice"),
		}}},
	}
}

func link(name, to string) Button {
	return Button{Type: kakao.ButtonWebLink, Name: name, LinkMo: to}
}

const sampleEvent = `#{이름|고객}님, #{매장|저희 매장}에서 특별한 행사를 엽니다.

이틀 동안 전 품목을 #{할인율} 할인된 가격으로 만나 보세요. 단골 고객님께 가장 먼저 알려 드립니다.

■ 기간: #{기간}
■ 장소: #{장소|매장 전 층}
■ 혜택: 구매하신 모든 분께 사은품 증정

이 메시지를 계산대에서 보여 주시면 음료 한 잔을 더 드립니다. 기다리고 있겠습니다!`

const sampleReservation = `#{이름|고객}님, 예약이 확정되었습니다.

■ 예약 번호: #{예약번호}
■ 일시: #{예약일시}
■ 장소: #{매장|예약하신 매장}

10분 먼저 도착하시면 바로 안내해 드릴 수 있습니다.
일정이 바뀌었다면 하루 전까지 아래 버튼으로 알려 주세요.

곧 뵙겠습니다. 감사합니다.`

const sampleDelivery = `#{이름|고객}님, 주문하신 상품이 출발했습니다.

■ 상품: #{상품|주문하신 상품}
■ 택배사: #{택배사}
■ 운송장 번호: #{운송장번호}
■ 도착 예정: #{도착예정|출발 후 1~2일 안}

받아 보신 뒤 불편한 점이 있으면 7일 안에 문의해 주세요. 빠르게 도와드리겠습니다.`

const sampleCoupon = `#{이름|고객}님, 오랜만에 인사드립니다.

다시 찾아 주시길 바라는 마음으로 #{할인} 할인 쿠폰을 준비했습니다.

■ 쿠폰 번호: #{쿠폰번호}
■ 사용 기한: #{기한}
■ 사용 조건: #{조건|최소 금액 없이 한 번 사용}

기한이 지나면 쿠폰이 사라지니 잊지 말고 사용해 주세요.`

const sampleSurvey = `#{이름|고객}님, #{이용|지난번 이용}은 어떠셨나요?

고객님의 한마디가 더 나은 서비스를 만듭니다. 질문은 3개, 1분이면 충분합니다.

■ 참여 기간: #{마감}까지
■ 선물: 참여하신 분 가운데 추첨하여 #{선물|커피 쿠폰}을 드립니다

솔직한 이야기를 들려주세요. 모두 꼼꼼히 읽겠습니다.`

const sampleNotice = `#{이름|고객}님, #{행사|휴무} 기간의 배송과 고객센터 운영 일정을 알려 드립니다.

■ 배송 마감: #{마감} 주문까지
■ 쉬는 날: #{휴무일}
■ 다시 시작하는 날: #{재개일}

쉬는 동안에도 주문하실 수 있으며, 주문하신 순서대로 보내 드립니다.
이용에 불편을 드려 죄송합니다. 늘 감사합니다.`
