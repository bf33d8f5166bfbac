//! The DynamoDB operations in use, and what writes and reads each.

use aws_sdk_dynamodb::operation::{
    batch_get_item::{BatchGetItem, BatchGetItemError, BatchGetItemInput, BatchGetItemOutput},
    delete_item::{DeleteItem, DeleteItemError, DeleteItemInput, DeleteItemOutput},
    get_item::{GetItem, GetItemError, GetItemInput, GetItemOutput},
    put_item::{PutItem, PutItemError, PutItemInput, PutItemOutput},
    query::{Query, QueryError, QueryInput, QueryOutput},
    transact_write_items::{
        TransactWriteItems, TransactWriteItemsError, TransactWriteItemsInput,
        TransactWriteItemsOutput,
    },
    update_item::{UpdateItem, UpdateItemError, UpdateItemInput, UpdateItemOutput},
};

use crate::aws::operation_inputs;

operation_inputs! {
    BatchGetItemInput: BatchGetItem => BatchGetItemOutput, BatchGetItemError;
    DeleteItemInput: DeleteItem => DeleteItemOutput, DeleteItemError;
    GetItemInput: GetItem => GetItemOutput, GetItemError;
    PutItemInput: PutItem => PutItemOutput, PutItemError;
    QueryInput: Query => QueryOutput, QueryError;
    TransactWriteItemsInput: TransactWriteItems => TransactWriteItemsOutput,
        TransactWriteItemsError;
    UpdateItemInput: UpdateItem => UpdateItemOutput, UpdateItemError;
}
