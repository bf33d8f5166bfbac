// The keys from Secrets Manager.
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

export const keys = async () => {
  const secret = await new SecretsManagerClient().send(
    new GetSecretValueCommand({ SecretId: process.env.SECRET_ID }),
  );
  return JSON.parse(secret.SecretString);
};
