// A client for the table.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

export const table = process.env.TABLE;
export const dynamodb = new DynamoDBClient();
