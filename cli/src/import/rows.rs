//! Reads the rows of the file (RFC 4180). Pure.

use std::collections::HashMap;

use shared::access::CallerId;

/// The longest id of a customer.
const MAX_ID: usize = 255;

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// The caller, and the customer's id, `cus_…`.
    pub(super) link: Result<(CallerId, String), RowError>,
}

/// The fault of a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowError {
    #[error("it has {0} fields, and the header has {1}")]
    Fields(usize, usize),
    #[error("`caller` must be a caller's id, of 1 to 128 characters")]
    Caller,
    #[error("`customer` must be the id of a Stripe customer, such as cus_123")]
    Customer,
    #[error("line {0} names another customer for this caller")]
    CallerAgain(usize),
    #[error("line {0} names another caller for this customer")]
    CustomerAgain(usize),
}

/// The fault of a whole file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the first line must name the columns, with `{0}` once among them")]
    Column(&'static str),
    #[error("the quotation mark that begins on line {0} does not end")]
    Open(usize),
}

/// The rows of the file with this `text`, but for blank ones.
pub(super) fn read(text: &str) -> Result<Vec<Row>, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = records(text)?.into_iter();
    let (_, header) = records.next().unwrap_or_default();
    let caller = column(&header, "caller")?;
    let customer = column(&header, "customer")?;
    let mut seen = Seen::default();
    Ok(records
        .map(|(line, fields)| {
            let link = match fields.len() == header.len() {
                true => link(&fields[caller], &fields[customer]),
                false => Err(RowError::Fields(fields.len(), header.len())),
            };
            let link = link.and_then(|link| seen.check(line, link));
            Row { line, link }
        })
        .collect())
}

/// The place of a column that is there once.
fn column(header: &[String], name: &'static str) -> Result<usize, Malformed> {
    let is_it = |field: &String| field.trim().eq_ignore_ascii_case(name);
    let mut places = (0..header.len()).filter(|place| is_it(&header[*place]));
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        _ => Err(Malformed::Column(name)),
    }
}

fn link(caller: &str, customer: &str) -> Result<(CallerId, String), RowError> {
    let caller = CallerId::parse(caller.trim()).ok_or(RowError::Caller)?;
    let customer = customer.trim();
    let is_id = customer.strip_prefix("cus_").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    match is_id && customer.len() <= MAX_ID {
        true => Ok((caller, customer.to_owned())),
        false => Err(RowError::Customer),
    }
}

/// The callers and customers of earlier lines.
#[derive(Default)]
struct Seen {
    customers: HashMap<CallerId, (usize, String)>,
    callers: HashMap<String, (usize, CallerId)>,
}

impl Seen {
    /// A caller has one customer, and a customer one caller.
    fn check(
        &mut self,
        line: usize,
        (caller, customer): (CallerId, String),
    ) -> Result<(CallerId, String), RowError> {
        if let Some((first, other)) = self.customers.get(&caller)
            && *other != customer
        {
            return Err(RowError::CallerAgain(*first));
        }
        if let Some((first, other)) = self.callers.get(&customer)
            && *other != caller
        {
            return Err(RowError::CustomerAgain(*first));
        }
        let customers = self.customers.entry(caller.clone());
        customers.or_insert_with(|| (line, customer.clone()));
        let callers = self.callers.entry(customer.clone());
        callers.or_insert_with(|| (line, caller.clone()));
        Ok((caller, customer))
    }
}

/// The records of `text` that are not blank, each with the line on which it begins.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Malformed> {
    let (mut records, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun) = (1, 1);
    let mut quoted_since = None;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        line += usize::from(char == '\n');
        match (char, quoted_since) {
            ('"', Some(_)) if chars.peek() == Some(&'"') => field.extend(chars.next()),
            ('"', Some(_)) => quoted_since = None,
            (char, Some(_)) => field.push(char),
            ('"', None) if field.is_empty() => quoted_since = Some(line),
            (',', None) => fields.push(std::mem::take(&mut field)),
            ('\n', None) => {
                fields.push(std::mem::take(&mut field));
                records.push((begun, std::mem::take(&mut fields)));
                begun = line;
            }
            (char, None) => field.push(char),
        }
    }
    if let Some(since) = quoted_since {
        return Err(Malformed::Open(since));
    }
    fields.push(field);
    records.push((begun, fields));
    records.retain(|(_, fields)| fields.iter().any(|field| !field.trim().is_empty()));
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Link = Result<(String, String), RowError>;

    fn links(text: &str) -> Vec<(usize, Link)> {
        let rows = read(text).expect("the file has a form").into_iter();
        rows.map(|row| {
            let link = row
                .link
                .map(|(caller, id)| (caller.as_str().to_owned(), id));
            (row.line, link)
        })
        .collect()
    }

    fn tied(caller: &str, customer: &str) -> Link {
        Ok((caller.to_owned(), customer.to_owned()))
    }

    #[test]
    fn columns_are_found_by_name_and_blank_lines_are_skipped() {
        let text = "\u{feff}email,Customer,caller\r\n\r\na@b.example,cus_1, ada \r\n,cus_2,bob";
        let expected = [(3, tied("ada", "cus_1")), (4, tied("bob", "cus_2"))];
        assert_eq!(links(text), expected);
    }

    #[test]
    fn quotation_marks_protect_commas_line_ends_and_themselves() {
        let text = "caller,customer,note\n\"a,\"\"b\"\"\",cus_1,\"two\nlines\"\nbob,cus_2,\n";
        let expected = [(2, tied("a,\"b\"", "cus_1")), (4, tied("bob", "cus_2"))];
        assert_eq!(links(text), expected);
    }

    #[test]
    fn a_faulty_row_says_what_is_wrong_and_stops_no_other() {
        let long = "x".repeat(129);
        let text =
            format!("caller,customer\nada\n,cus_1\n{long},cus_1\nada,pi_1\nada,cus_\nada,cus_1");
        let expected = [
            (2, Err(RowError::Fields(1, 2))),
            (3, Err(RowError::Caller)),
            (4, Err(RowError::Caller)),
            (5, Err(RowError::Customer)),
            (6, Err(RowError::Customer)),
            (7, tied("ada", "cus_1")),
        ];
        assert_eq!(links(&text), expected);
    }

    #[test]
    fn a_caller_or_a_customer_that_comes_again_otherwise_is_refused() {
        let text = "caller,customer\nada,cus_1\nada,cus_2\nbob,cus_1\nada,cus_1";
        let expected = [
            (2, tied("ada", "cus_1")),
            (3, Err(RowError::CallerAgain(2))),
            (4, Err(RowError::CustomerAgain(2))),
            (5, tied("ada", "cus_1")),
        ];
        assert_eq!(links(text), expected);
    }

    #[test]
    fn a_file_without_its_columns_or_with_an_open_quotation_mark_is_refused() {
        assert_eq!(read(""), Err(Malformed::Column("caller")));
        assert_eq!(read("caller\nada"), Err(Malformed::Column("customer")));
        let twice = "caller,customer,caller\na,cus_1,b";
        assert_eq!(read(twice), Err(Malformed::Column("caller")));
        let open = "caller,customer\n\"ada,cus_1\n";
        assert_eq!(read(open), Err(Malformed::Open(2)));
    }
}
