//! Times as text: `2026-09-30T12:00:00Z` (RFC 3339), from and to Unix seconds.

const DAY: i64 = 86_400;

/// Unix seconds of `text`; what is below a second is dropped. `None` when it is no such time.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (time, rest) = text.split_at_checked(19)?;
    let is_shaped = time
        .bytes()
        .zip(b"0000-00-00T00:00:00")
        .all(|(byte, form)| {
            if *form == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == *form
            }
        });
    if !is_shaped {
        return None;
    }
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days_since_1970(year, month, day);
    // A day that its month does not have is another day when it is written.
    let is_real = (1..=12).contains(&month) && civil(days) == (year, month, day);
    let is_in_day = hour < 24 && minute < 60 && second < 60;
    let east = offset(rest)?;
    (is_real && is_in_day).then(|| days * DAY + hour * 3_600 + minute * 60 + second - east)
}

/// Seconds east of UTC, from what follows the seconds: `Z`, `.000Z` or `+02:00`.
fn offset(text: &str) -> Option<i64> {
    let zone = match text.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => text,
    };
    if zone == "Z" {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let part = |text: &str, most: i64| {
        let is_two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_two_digits.then(|| text.parse::<i64>().ok())??;
        (number < most).then_some(number)
    };
    Some(sign * (part(hours, 24)? * 3_600 + part(minutes, 60)? * 60))
}

/// `seconds` since 1970 in UTC.
#[must_use]
pub fn format(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, with the year begun in March so that
/// the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month_from_march * 153 + 2) / 5 + day - 1 - 719_468
}

/// Year, month and day of a day counted from 1970-01-01: the reverse of [`days_since_1970`].
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from 1 March of the year 0, in eras of 400 years, which all have as many days.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_second() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2000-02-29T23:59:59.999Z"), Some(951_868_799));
        assert_eq!(parse("2026-12-31T00:00:00.000Z"), Some(1_798_675_200));
        assert_eq!(parse("2026-12-31T02:30:00+02:30"), Some(1_798_675_200));
        assert_eq!(parse("2026-12-30T16:00:00-08:00"), Some(1_798_675_200));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for bad in [
            "",
            "today",
            "2026-12-31",
            "2026-12-31T00:00:00",
            "2026-12-31 00:00:00Z",
            "2026-12-31T00:00:00.Z",
            "2026-12-31T00:00:00+2:00",
            "2026-12-31T00:00:00+24:00",
            "2026-12-31T24:00:00Z",
            "2026-12-31T00:60:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:0éZ",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(format(1_798_675_199), "2026-12-30T23:59:59Z");
        let days = (-800 * 365..800 * 365).step_by(7);
        for seconds in days.map(|day: i64| day * DAY + 4_242) {
            assert_eq!(parse(&format(seconds)), Some(seconds));
        }
    }
}
