// The keys from Secrets Manager, and a client for the table.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

export const table = process.env.TABLE;
export const dynamodb = new DynamoDBClient();

export const keys = async () => {
  const secret = await new SecretsManagerClient().send(
    new GetSecretValueCommand({ SecretId: process.env.SECRET_ID }),
  );
  return JSON.parse(secret.SecretString);
};
