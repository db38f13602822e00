//! Numbers compared as they are written: a match by rounding is no match. The language holds 64 bits, JSON any number of
//! digits, and the evaluator compares through `double`, so that 9007199254740993 equals 9007199254740992.0 there.

use std::any::Any;
use std::cmp::Ordering;

use cel::common::ast::operators;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelUInt, DOUBLE_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Env, ExecutionError};

/// The operators that compare, and the functions that stand for them in a metered expression: those take their arguments
/// as they are. Names with `@` cannot be written in a query.
const COMPARISONS: [(&str, &str, Function); 7] = [
    (operators::EQUALS, "@equals", equals),
    (operators::NOT_EQUALS, "@not_equals", not_equals),
    (operators::LESS, "@less", less),
    (operators::LESS_EQUALS, "@less_equals", less_equals),
    (operators::GREATER, "@greater", greater),
    (operators::GREATER_EQUALS, "@greater_equals", greater_equals),
    (operators::IN, "@is_in", is_in),
];

/// A number of more digits is not compared: nothing holds it, and comparing takes as long as it is.
const MOST_DIGITS: usize = 400;

/// So many significant digits a double always gives back.
const DIGITS_OF_A_DOUBLE: usize = 15;

type Function = for<'b, 'v> fn(Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError>;

/// Teaches an environment the functions that compare.
pub(super) fn add_to(env: &mut Env) {
    let dynamic = || vec![cel::common::types::DYN_TYPE, cel::common::types::DYN_TYPE];
    for (_, name, function) in COMPARISONS {
        drop(env.add_overload(name, name, dynamic(), function));
    }
}

/// The function that stands for an operator, where it compares.
pub(super) fn function_of(operator: &str) -> Option<&'static str> {
    let found = COMPARISONS.iter().find(|(of, _, _)| *of == operator);
    found.map(|(_, name, _)| *name)
}

/// A number of JSON as a value of the language; one that it cannot hold stays as it is written.
pub(super) fn number_of(text: &str) -> Box<dyn Val + '_> {
    if let Ok(int) = text.parse::<i64>() {
        return Box::new(CelInt::from(int));
    }
    if let Ok(uint) = text.parse::<u64>() {
        return Box::new(CelUInt::from(uint));
    }
    let double: f64 = text.parse().unwrap_or(f64::NAN);
    if text.len() > MOST_DIGITS {
        return Box::new(CelDouble::from(f64::NAN));
    }
    if is_held_exactly(text, double) {
        return Box::new(CelDouble::from(double));
    }
    Box::new(WideNumber(text.into()))
}

/// Whether a double stands for what is written there, and not for something beside it.
pub(super) fn is_held_exactly(text: &str, double: f64) -> bool {
    if !double.is_finite() {
        return false;
    }
    let digits = text
        .split(['e', 'E'])
        .next()
        .unwrap_or_default()
        .bytes()
        .filter(u8::is_ascii_digit);
    let digits = digits.skip_while(|digit| *digit == b'0').count();
    if digits <= DIGITS_OF_A_DOUBLE {
        // One that is too small becomes 0.
        return digits == 0 || double != 0.0;
    }
    if let Some(whole) = whole_number(text) {
        return compare_whole(whole, double) == Some(Ordering::Equal);
    }
    Decimal::parse(text).compare(&Decimal::parse(&double.to_string())) == Ordering::Equal
}

/// The whole number that is written there, be it with zeros behind a point.
fn whole_number(text: &str) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_whole = part.bytes().all(|digit| digit == b'0');
    whole.parse().ok().filter(|_| is_whole)
}

/// A number that neither 64 bits nor a double hold.
#[derive(Clone, Debug)]
struct WideNumber(Box<str>);

impl StaticVal for WideNumber {}

impl Val for WideNumber {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &DOUBLE_TYPE
    }

    fn equals(&self, other: &dyn Val) -> bool {
        compare_numbers(self, other) == Some(Ordering::Equal)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// A number of any kind.
enum Number<'a> {
    Whole(i128),
    Double(f64),
    Wide(&'a str),
}

impl<'a> Number<'a> {
    fn of(value: &'a dyn Val) -> Option<Self> {
        if let Some(int) = value.downcast_ref::<CelInt>() {
            return Some(Self::Whole((*int.inner()).into()));
        }
        if let Some(uint) = value.downcast_ref::<CelUInt>() {
            return Some(Self::Whole((*uint.inner()).into()));
        }
        if let Some(double) = value.downcast_ref::<CelDouble>() {
            return Some(Self::Double(*double.inner()));
        }
        let WideNumber(text) = value.downcast_ref()?;
        Some(whole_number(text).map_or(Self::Wide(text), Self::Whole))
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => Some(left.cmp(right)),
            (Self::Double(left), Self::Double(right)) => left.partial_cmp(right),
            (Self::Whole(left), Self::Double(right)) => compare_whole(*left, *right),
            (Self::Double(left), Self::Whole(right)) => {
                compare_whole(*right, *left).map(Ordering::reverse)
            }
            (Self::Wide(_), _) | (_, Self::Wide(_)) => {
                let (left, right) = (self.written()?, other.written()?);
                Some(Decimal::parse(&left).compare(&Decimal::parse(&right)))
            }
        }
    }

    fn written(&self) -> Option<String> {
        match self {
            Self::Whole(number) => Some(number.to_string()),
            Self::Double(number) => number.is_finite().then(|| number.to_string()),
            Self::Wide(text) => Some((*text).to_owned()),
        }
    }
}

/// Beyond these bounds no whole number of 128 bits is; within them a cast to one is exact.
const WHOLE_BOUND: f64 = 1.7e38;

/// How a whole number compares with a double; none with one that is no number.
fn compare_whole(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double.abs() > WHOLE_BOUND {
        return Some(if double > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and within the bounds"
    )]
    let floor = double.floor() as i128;
    let has_rest = double > double.floor();
    Some(match whole.cmp(&floor) {
        Ordering::Equal if has_rest => Ordering::Less,
        order @ (Ordering::Less | Ordering::Equal | Ordering::Greater) => order,
    })
}

/// A decimal number: 0.DIGITS times ten to the power of `exponent`, without zeros at either end.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    exponent: i64,
    digits: Vec<u8>,
}

impl Decimal {
    fn parse(text: &str) -> Self {
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let is_negative = mantissa.starts_with('-');
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = whole.trim_start_matches(['-', '+', '0']);
        let mut digits: Vec<u8> = whole.bytes().chain(part.bytes()).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let saturated = if power.starts_with('-') {
            i64::MIN / 2
        } else {
            i64::MAX / 2
        };
        let power = power.parse::<i64>().unwrap_or(saturated);
        let places = i64::try_from(whole.len()).unwrap_or(i64::MAX / 4);
        let leading = i64::try_from(zeros).unwrap_or(i64::MAX / 4);
        if digits.is_empty() {
            return Self {
                is_negative: false,
                exponent: 0,
                digits,
            };
        }
        Self {
            is_negative,
            exponent: power.saturating_add(places - leading),
            digits,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let (left, right) = (sign(self), sign(other));
        if left != right || left == 0 {
            return left.cmp(&right);
        }
        let magnitude = (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits));
        if left < 0 {
            magnitude.reverse()
        } else {
            magnitude
        }
    }
}

/// How two numbers compare; none where one is no number.
fn compare_numbers(left: &dyn Val, right: &dyn Val) -> Option<Ordering> {
    Number::of(left)?.compare(&Number::of(right)?)
}

fn is_equal(left: &dyn Val, right: &dyn Val) -> bool {
    match (Number::of(left), Number::of(right)) {
        (Some(left), Some(right)) => left.compare(&right) == Some(Ordering::Equal),
        _ => left.equals(right),
    }
}

fn order(left: &dyn Val, right: &dyn Val) -> Result<Ordering, ExecutionError> {
    if let Some(order) = compare_numbers(left, right) {
        return Ok(order);
    }
    let none = || ExecutionError::no_such_overload("compare", Vec::new());
    left.as_comparer().ok_or_else(none)?.compare(right)
}

fn compared<'b, 'v>(
    arguments: Vec<CowVal<'b, 'v>>,
    holds: impl Fn(&dyn Val, &dyn Val) -> Result<bool, ExecutionError>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let mut arguments = arguments.into_iter();
    let (Some(left), Some(right)) = (arguments.next(), arguments.next()) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let holds = holds(left.as_ref(), right.as_ref())?;
    Ok(CowVal::owned(CelBool::from(holds)))
}

fn equals<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    compared(arguments, |left, right| Ok(is_equal(left, right)))
}

fn not_equals<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    compared(arguments, |left, right| Ok(!is_equal(left, right)))
}

fn less<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    compared(arguments, |left, right| Ok(order(left, right)?.is_lt()))
}

fn less_equals<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    compared(arguments, |left, right| Ok(order(left, right)?.is_le()))
}

fn greater<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    compared(arguments, |left, right| Ok(order(left, right)?.is_gt()))
}

fn greater_equals<'b, 'v>(
    arguments: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    compared(arguments, |left, right| Ok(order(left, right)?.is_ge()))
}

fn is_in<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    compared(arguments, |wanted, container| {
        if container.downcast_ref::<CelList<'_>>().is_some()
            && Number::of(wanted).is_some()
            && let Some(list) = container.as_iterable()
        {
            let mut elements = list.iter();
            while let Some(element) = elements.next() {
                if is_equal(wanted, element) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let none = || ExecutionError::no_such_overload("in", Vec::new());
        container.as_container().ok_or_else(none)?.contains(wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_compare_as_they_are_written() {
        let ascending = [
            "-1e400",
            "-18446744073709551617",
            "-9007199254740993",
            "-0.5",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000555",
            "1",
            "9007199254740992",
            "9007199254740992.5",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "18446744073709551617",
            "1e400",
        ];
        for (at, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                let (left, right) = (number_of(left), number_of(right));
                let found = compare_numbers(left.as_ref(), right.as_ref());
                assert_eq!(found, Some(at.cmp(&other)), "{left:?} and {right:?}");
            }
        }
    }

    #[test]
    fn one_number_may_be_written_in_several_ways() {
        for [left, right] in [
            ["5", "5.0"],
            ["5", "50e-1"],
            ["-0", "0.0"],
            ["1e20", "100000000000000000000"],
            ["1e400", "10e399"],
            ["0.1", "1e-1"],
        ] {
            let (left, right) = (number_of(left), number_of(right));
            assert!(is_equal(left.as_ref(), right.as_ref()), "{left:?}");
        }
    }
}
