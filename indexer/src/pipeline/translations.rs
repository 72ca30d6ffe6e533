//! The same questions in several scripts: they show whether the model finds pages of another script than the query's.
//!
//! A model that knows a language puts a question next to its translation. So a build compares the vector of each
//! translation with those of all originals, and counts how often its own original is the nearest. All of this depends
//! on the model alone, and on no page.

use cloze_index::{Script, Translated};

/// The places of the translated questions in [`super::off_topic::QUESTIONS`].
const ORIGINALS: [usize; 16] = [0, 5, 9, 19, 21, 23, 24, 27, 29, 32, 37, 38, 43, 44, 46, 36];

/// The translations, in the same order: into Russian, Arabic, Chinese, Japanese, Korean, Hebrew, Greek, Hindi and
/// Thai.
pub(crate) const TRANSLATIONS: [(Script, [&str; 16]); 9] = [
    (
        Script::Cyrillic,
        [
            "сколько времени варить яйцо",
            "какая столица Монголии",
            "почему моя кошка чихает",
            "как пчёлы делают мёд",
            "история печатного станка",
            "самая высокая гора в Южной Америке",
            "нужна ли мне виза в Японию",
            "как работают вакцины",
            "как настроить пианино",
            "что едят панды",
            "у какой планеты больше всего спутников",
            "как починить капающий кран",
            "какова скорость света",
            "как успокоить плачущего младенца",
            "что надеть на свадьбу",
            "как возникают приливы",
        ],
    ),
    (
        Script::Arabic,
        [
            "كم من الوقت يجب سلق البيضة",
            "ما هي عاصمة منغوليا",
            "لماذا تعطس قطتي",
            "كيف يصنع النحل العسل",
            "تاريخ المطبعة",
            "أعلى جبل في أمريكا الجنوبية",
            "هل أحتاج إلى تأشيرة إلى اليابان",
            "كيف تعمل اللقاحات",
            "كيفية ضبط البيانو",
            "ماذا تأكل الباندا",
            "أي كوكب لديه أكبر عدد من الأقمار",
            "كيفية إصلاح صنبور يقطر",
            "ما هي سرعة الضوء",
            "كيف أوقف بكاء الطفل",
            "ماذا أرتدي في حفل زفاف",
            "كيف يحدث المد والجزر",
        ],
    ),
    (
        Script::Han,
        [
            "鸡蛋要煮多久",
            "蒙古的首都是哪里",
            "我的猫为什么打喷嚏",
            "蜜蜂怎样酿蜜",
            "印刷术的历史",
            "南美洲最高的山",
            "去日本需要签证吗",
            "疫苗是怎样起作用的",
            "怎样给钢琴调音",
            "熊猫吃什么",
            "哪颗行星的卫星最多",
            "怎样修理滴水的水龙头",
            "光速是多少",
            "怎样让婴儿停止哭闹",
            "参加婚礼穿什么",
            "潮汐是怎样形成的",
        ],
    ),
    (
        Script::Japanese,
        [
            "卵は何分ゆでればいいですか",
            "モンゴルの首都はどこですか",
            "猫がくしゃみをするのはなぜですか",
            "ミツバチはどうやって蜂蜜を作るのか",
            "印刷機の歴史",
            "南アメリカで一番高い山",
            "日本へ行くのにビザは必要ですか",
            "ワクチンはどのように働くのか",
            "ピアノの調律のしかた",
            "パンダは何を食べますか",
            "衛星が一番多い惑星はどれですか",
            "水漏れする蛇口の直し方",
            "光の速さはどれくらいですか",
            "赤ちゃんを泣き止ませる方法",
            "結婚式に何を着ればいいですか",
            "潮の満ち引きはなぜ起こるのか",
        ],
    ),
    (
        Script::Hangul,
        [
            "계란은 얼마나 오래 삶아야 하나요",
            "몽골의 수도는 어디인가요",
            "우리 고양이가 왜 재채기를 하나요",
            "벌은 어떻게 꿀을 만드나요",
            "인쇄기의 역사",
            "남아메리카에서 가장 높은 산",
            "일본에 가려면 비자가 필요한가요",
            "백신은 어떻게 작용하나요",
            "피아노 조율하는 방법",
            "판다는 무엇을 먹나요",
            "위성이 가장 많은 행성은 무엇인가요",
            "물이 새는 수도꼭지를 고치는 방법",
            "빛의 속도는 얼마인가요",
            "우는 아기를 달래는 방법",
            "결혼식에 무엇을 입어야 하나요",
            "조수는 어떻게 생기나요",
        ],
    ),
    (
        Script::Hebrew,
        [
            "כמה זמן צריך לבשל ביצה",
            "מהי בירת מונגוליה",
            "למה החתול שלי מתעטש",
            "איך דבורים מייצרות דבש",
            "תולדות מכבש הדפוס",
            "ההר הגבוה ביותר בדרום אמריקה",
            "האם אני צריך ויזה ליפן",
            "איך פועלים חיסונים",
            "איך לכוון פסנתר",
            "מה אוכלים פנדות",
            "לאיזה כוכב לכת יש הכי הרבה ירחים",
            "איך לתקן ברז מטפטף",
            "מהי מהירות האור",
            "איך להרגיע תינוק בוכה",
            "מה ללבוש לחתונה",
            "איך נוצרים גאות ושפל",
        ],
    ),
    (
        Script::Greek,
        [
            "πόση ώρα πρέπει να βράσω ένα αυγό",
            "ποια είναι η πρωτεύουσα της Μογγολίας",
            "γιατί φτερνίζεται η γάτα μου",
            "πώς φτιάχνουν μέλι οι μέλισσες",
            "ιστορία της τυπογραφίας",
            "το ψηλότερο βουνό στη Νότια Αμερική",
            "χρειάζομαι βίζα για την Ιαπωνία",
            "πώς λειτουργούν τα εμβόλια",
            "πώς κουρδίζω ένα πιάνο",
            "τι τρώνε τα πάντα",
            "ποιος πλανήτης έχει τα περισσότερα φεγγάρια",
            "πώς επισκευάζω μια βρύση που στάζει",
            "ποια είναι η ταχύτητα του φωτός",
            "πώς να σταματήσει το μωρό να κλαίει",
            "τι να φορέσω σε γάμο",
            "πώς δημιουργούνται οι παλίρροιες",
        ],
    ),
    (
        Script::Devanagari,
        [
            "अंडे को कितनी देर उबालना चाहिए",
            "मंगोलिया की राजधानी क्या है",
            "मेरी बिल्ली क्यों छींक रही है",
            "मधुमक्खियाँ शहद कैसे बनाती हैं",
            "छापाखाने का इतिहास",
            "दक्षिण अमेरिका का सबसे ऊँचा पहाड़",
            "क्या मुझे जापान के लिए वीज़ा चाहिए",
            "टीके कैसे काम करते हैं",
            "पियानो को ट्यून कैसे करें",
            "पांडा क्या खाते हैं",
            "किस ग्रह के सबसे ज़्यादा चंद्रमा हैं",
            "टपकते नल को कैसे ठीक करें",
            "प्रकाश की गति कितनी है",
            "रोते हुए बच्चे को चुप कैसे कराएँ",
            "शादी में क्या पहनें",
            "ज्वार-भाटा कैसे आता है",
        ],
    ),
    (
        Script::Thai,
        [
            "ต้มไข่นานแค่ไหน",
            "เมืองหลวงของมองโกเลียคืออะไร",
            "ทำไมแมวของฉันจาม",
            "ผึ้งทำน้ำผึ้งอย่างไร",
            "ประวัติของแท่นพิมพ์",
            "ภูเขาที่สูงที่สุดในอเมริกาใต้",
            "ฉันต้องใช้วีซ่าไปญี่ปุ่นไหม",
            "วัคซีนทำงานอย่างไร",
            "วิธีตั้งเสียงเปียโน",
            "หมีแพนด้ากินอะไร",
            "ดาวเคราะห์ดวงใดมีดวงจันทร์มากที่สุด",
            "วิธีซ่อมก๊อกน้ำที่หยด",
            "ความเร็วแสงเท่ากับเท่าไร",
            "ทำอย่างไรให้ทารกหยุดร้องไห้",
            "ใส่ชุดอะไรไปงานแต่งงาน",
            "น้ำขึ้นน้ำลงเกิดขึ้นอย่างไร",
        ],
    ),
];

/// The translations of each script.
pub(crate) fn texts<'t>() -> impl Iterator<Item = &'t str> {
    TRANSLATIONS.into_iter().flat_map(|(_, questions)| questions)
}

/// How many translations are nearest to their originals. `questions` are the vectors of
/// [`super::off_topic::QUESTIONS`], and `translations` those of [`texts`], all of length 1.
pub(crate) fn found(questions: &[Vec<f32>], translations: &[Vec<f32>]) -> impl Iterator<Item = (Script, Translated)> {
    let originals = ORIGINALS.map(|at| questions.get(at).map_or(&[][..], Vec::as_slice));
    TRANSLATIONS.into_iter().zip(translations.chunks(ORIGINALS.len())).map(move |((script, _), translations)| {
        let is_own = |(own, vector): &(usize, &Vec<f32>)| nearest(vector, &originals) == Some(*own);
        let found = translations.iter().enumerate().filter(is_own).count();
        (script, Translated { asked: translations.len() as u32, found: found as u32 })
    })
}

fn nearest(vector: &[f32], among: &[&[f32]]) -> Option<usize> {
    let similarity = |other: &&[f32]| -> f32 { vector.iter().zip(*other).map(|(a, b)| a * b).sum() };
    let similarities = among.iter().map(similarity).enumerate();
    similarities.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::off_topic::QUESTIONS;

    #[test]
    fn questions_are_translated_into_the_script_they_stand_for() {
        assert!(ORIGINALS.iter().all(|place| *place < QUESTIONS.len()));
        for (script, questions) in TRANSLATIONS {
            for question in questions {
                assert_eq!(Script::of(question), Some(script), "{question}");
            }
        }
    }

    #[test]
    fn a_translation_is_found_if_its_original_is_nearest() {
        let one_hot = |at: usize| (0..QUESTIONS.len()).map(|i| f32::from(u8::from(i == at))).collect::<Vec<_>>();
        let questions: Vec<_> = (0..QUESTIONS.len()).map(one_hot).collect();
        let own: Vec<_> = ORIGINALS.into_iter().map(one_hot).collect();
        let mut others = own.clone();
        others.rotate_left(1);
        let found: Vec<_> = found(&questions, &[own, others].concat()).collect();
        assert_eq!(found.len(), 2, "a script without vectors is not judged");
        assert!(found[0].1.is_known() && !found[1].1.is_known());
        assert_eq!((found[0].1.found, found[1].1.found), (16, 0));
    }
}
