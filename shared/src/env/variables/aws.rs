//! How AWS is called, and how Vercel proves itself.

use super::{ALL, Group, SCHEDULED, Variable};

pub(super) const GROUP: Group = Group {
    title: "AWS and Vercel",
    variables: &[
        Variable::new(
            "AWS_REGION",
            "eu-central-1",
            ALL,
            "The region of the table, the secret and the event bus. Lambda sets it.",
        ),
        Variable::new(
            "AWS_ACCESS_KEY_ID",
            "...",
            ALL,
            "AWS's credentials, with the next two. Lambda sets them. On Vercel they are not read.",
        ),
        Variable::new(
            "AWS_SECRET_ACCESS_KEY",
            "...",
            ALL,
            "The secret of these credentials.",
        ),
        Variable::new(
            "AWS_SESSION_TOKEN",
            "...",
            ALL,
            "The session token of temporary credentials.",
        ),
        Variable::new(
            "AWS_ENDPOINT_URL",
            "http://127.0.0.1:4566",
            ALL,
            "The address of a stand-in for AWS, for tests.",
        ),
        Variable::new(
            "AWS_ROLE_ARN",
            "arn:aws:iam::123456789012:role/farebox",
            ALL,
            "On Vercel: the role for which AWS exchanges Vercel's tokens.",
        )
        .see("deploy-vercel.md"),
        Variable::new(
            "CRON_SECRET",
            "...",
            SCHEDULED,
            "On Vercel: the secret by which its schedule proves itself, at least 16 random \
             characters. Vercel sends it by itself, and neither function starts there without it.",
        )
        .see("deploy-vercel.md#the-schedule"),
    ],
};
