//! Variables for AWS, and for Vercel's schedule.

use super::{Group, Readers, Variable};

pub(super) const GROUP: Group = Group {
    title: "AWS and Vercel",
    variables: &[
        Variable::new(
            "AWS_REGION",
            "eu-central-1",
            Readers::All,
            "The region of the table, the secret and the event bus. Lambda sets it.",
        ),
        Variable::new(
            "AWS_ACCESS_KEY_ID",
            "...",
            Readers::All,
            "AWS's credentials, with the next two. Lambda sets them. On Vercel they are not read.",
        ),
        Variable::new(
            "AWS_SECRET_ACCESS_KEY",
            "...",
            Readers::All,
            "The secret of these credentials.",
        ),
        Variable::new(
            "AWS_SESSION_TOKEN",
            "...",
            Readers::All,
            "The session token of temporary credentials.",
        ),
        Variable::new(
            "AWS_ENDPOINT_URL",
            "http://127.0.0.1:4566",
            Readers::All,
            "The address of a stand-in for AWS, for tests.",
        ),
        Variable::new(
            "AWS_ROLE_ARN",
            "arn:aws:iam::123456789012:role/farebox",
            Readers::All,
            "On Vercel: the role for which AWS exchanges Vercel's tokens.",
        )
        .see("deploy-vercel-aws.md"),
        Variable::new(
            "CRON_SECRET",
            "...",
            Readers::Scheduled,
            "On Vercel: the secret by which its schedule proves itself, at least 16 random \
             characters. Vercel sends it by itself, and neither function starts there without it.",
        )
        .see("deploy-vercel.md#the-schedule"),
    ],
};
