package nhnsim

import (
	"strconv"

	"soshik/internal/kakao"
)

// category is a kind of business with its kinds below. Codes are positions.
type category struct {
	name string
	subs []category
}

// leafs makes a second level with its third.
func leafs(name string, names ...string) category {
	c := category{name: name}
	for _, n := range names {
		c.subs = append(c.subs, category{name: n})
	}
	return c
}

// tree is made up, in the shape of the real one, whose only known entry is its
// first: health, hospital, general hospital.
var tree = []category{
	{"건강", []category{
		leafs("병원", "종합병원", "의원", "치과", "한의원", "요양병원"),
		leafs("약국", "약국", "한약국"),
		leafs("건강관리", "건강검진", "다이어트", "건강식품"),
	}},
	{"교육", []category{
		leafs("학교", "초등학교", "중고등학교", "대학교"),
		leafs("학원", "입시학원", "어학원", "예체능학원", "직업학원"),
		leafs("온라인교육", "인터넷강의", "학습지"),
	}},
	{"금융", []category{
		leafs("은행", "시중은행", "저축은행", "상호금융"),
		leafs("보험", "생명보험", "손해보험", "보험대리점"),
		leafs("증권/카드", "증권사", "카드사", "자산운용"),
	}},
	{"쇼핑", []category{
		leafs("종합쇼핑몰", "오픈마켓", "백화점", "홈쇼핑"),
		leafs("패션", "의류", "신발/가방", "액세서리"),
		leafs("생활용품", "가구/인테리어", "주방용품", "반려동물용품"),
		leafs("가전", "컴퓨터", "생활가전"),
	}},
	{"음식", []category{
		leafs("음식점", "한식", "중식", "일식", "양식"),
		leafs("카페", "커피전문점", "디저트", "베이커리"),
		leafs("식품", "농수산물", "가공식품", "주류"),
	}},
	{"여행/숙박", []category{
		leafs("여행", "여행사", "항공", "렌터카"),
		leafs("숙박", "호텔", "펜션", "캠핑장"),
	}},
	{"미용", []category{
		leafs("미용실", "헤어샵", "네일샵", "바버샵"),
		leafs("화장품", "화장품브랜드", "화장품유통"),
		leafs("피부/체형", "피부관리", "왁싱", "마사지"),
	}},
	{"문화/예술", []category{
		leafs("공연/전시", "극장", "미술관", "박물관"),
		leafs("출판", "서점", "출판사", "신문/잡지"),
		leafs("방송/연예", "방송사", "연예기획사"),
	}},
	{"스포츠/레저", []category{
		leafs("운동", "헬스장", "요가/필라테스", "수영장"),
		leafs("레저", "골프", "스키", "낚시"),
		leafs("스포츠단", "프로구단", "스포츠용품"),
	}},
	{"부동산/건설", []category{
		leafs("부동산", "공인중개", "분양", "임대관리"),
		leafs("건설", "종합건설", "인테리어시공"),
	}},
	{"IT/통신", []category{
		leafs("통신", "이동통신", "인터넷"),
		leafs("소프트웨어", "앱서비스", "기업용소프트웨어", "보안"),
		leafs("게임", "모바일게임", "온라인게임"),
	}},
	{"공공/단체", []category{
		leafs("공공기관", "중앙행정기관", "지방자치단체", "공기업"),
		leafs("비영리단체", "복지단체", "종교단체", "협회"),
	}},
	{"운송/자동차", []category{
		leafs("운송", "택배", "화물", "버스/택시"),
		leafs("자동차", "자동차판매", "정비", "주유소/충전소"),
	}},
}

// code is that of the n-th category on a level: 3 digits, then 4, then 4.
func code(depth, n int) string {
	width := 4
	if depth == 1 {
		width = 3
	}
	s := strconv.Itoa(n)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

// categories is endpoint 1. Leaves have null for their sub-categories.
func categories(*call) reply {
	return succeed(append(categoriesJSON(buf(nil).name("categories"), tree, "", 1), ','))
}

func categoriesJSON(b buf, list []category, parent string, depth int) buf {
	b = append(b, '[')
	for i, c := range list {
		own := code(depth, i+1)
		b = append(b, '{')
		b = b.null("parentCode", parent).int("depth", depth).text("code", own).text("name", c.name).name("subCategories")
		if c.subs == nil {
			b = append(b, "null"...)
		} else {
			b = categoriesJSON(b, c.subs, own, depth+1)
		}
		b = append(b, '}', ',')
	}
	return b.end(']')
}

// categoryExists reports whether a sender can be registered under a code.
func categoryExists(full string) bool {
	if len(full) != kakao.CategoryCodeLen {
		return false
	}
	list := tree
	for depth, part := range []string{full[:3], full[3:7], full[7:]} {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > len(list) || code(depth+1, n) != part {
			return false
		}
		list = list[n-1].subs
	}
	return true
}
