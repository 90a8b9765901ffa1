// The key pair that apps of test worlds share, so that making one costs nothing. It is published with the
// source: whatever it signs proves nothing to anybody but a test.
import type { KeyPair } from './host.ts';

export const testKeyPair: KeyPair = {
  licenseKey:
    'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7Gl5IVRsOpGnSzevZusCxicniZAGPOCfEGK+Jd2QQCiSq+' +
    'GreWBDXaoD/mSrqEPXlhMBRddFsLgl9le7jMwAY6bn4jBsCBH0y8YwmymeOpPvLqRjg5AZJ62cDTCjv5UQOFum6aOb' +
    'DkKT6jGsvUuBK7Q2K8tEDQHsiUahFhiuGib9ZylQlcKDZkblW1TmnMHqu0A8snQdk9Bfd4JRZBNSa5oVVhdODhQSz8' +
    'ZoTRUC6ZZRlgKg/FVXByXOdHNcJoZNz8D1efYot3GKZViogYSF43AazZBksRIKIICn42OezFmkGefw+4uYiTvleO3S' +
    'i2QWRM5GY0lQEOjfBNiB3/ZGhQIDAQAB',
  signingKey:
    'MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDsaXkhVGw6kadLN69m6wLGJyeJkAY84J8QYr4l3Z' +
    'BAKJKr4at5YENdqgP+ZKuoQ9eWEwFF10WwuCX2V7uMzABjpufiMGwIEfTLxjCbKZ46k+8upGODkBknrZwNMKO/lRA4' +
    'W6bpo5sOQpPqMay9S4ErtDYry0QNAeyJRqEWGK4aJv1nKVCVwoNmRuVbVOacweq7QDyydB2T0F93glFkE1JrmhVWF0' +
    '4OFBLPxmhNFQLpllGWAqD8VVcHJc50c1wmhk3PwPV59ii3cYplWKiBhIXjcBrNkGSxEgoggKfjY57MWaQZ5/D7i5iJ' +
    'O+V47dKLZBZEzkZjSVAQ6N8E2IHf9kaFAgMBAAECggEAEuXoMRdgDXCDky+GMxpvNCrWGMOCvs66jbiZovTqqTj1Ee' +
    'NYwzuZjFJhE661dXPINy7EEnKqbKgpH1+VAPofv9eMQBhcfRVTtbmykfy03CbjiZ10zQQHAWp53Si5tkCytWac2Z63' +
    '8DRh7D3V+qMfVhXc917ozNy4rU065vAdyWjpe61v2/N1+JGxInnqYvTazLZPtN1vR7KDv+EH3VWg5qGu/lhWq+df5e' +
    'QDiAwg2x37hGcek/1mQVNVDvjBEAr8fxSONH2AVB30uqOMMRXRLoPLgv6tsQopYAiZoLiPX2l7eTTR+7raRK1whTED' +
    'KyYXgxzlLn0KFKQk3Fe7CsmFAQKBgQD57vWFER0O6fA8+aVauLLktt6o0jb02gRfHAxzWe7fSMZvBGSBUTxbQNTnS5' +
    'bCEq2Y36Zvioa0HguvGZacQ9YKGznsfnJIr8iBmzE+0VO6MWaOMU4VnMYdIsfeyuFQVTZJtIhGfIwidsyHi/RrvdAZ' +
    'UkT8VbDee6Ik67YBRQRrgQKBgQDyJn6Q6s0Oc82vWmC5cr5I3MDxfHKtJ2WOh4xTWUGrDN+sNtass9EGITxYhHp4jQ' +
    'P5Vbq5nK4OKPtRd+GorQ5OC5JAjIGcmPDZp2er613grvOl3jXhNcbgWYinJp8/LgzOn1Bxc27PbgxfDzpC87rFg/Dt' +
    'bv+tc4PqP3tarzqtBQKBgHP/vUIKRFNUrmSOdXlaueS/Hy55inov6dF+wiSTe/Nz4m1KO59tZbbwqx/CjHD8nEeUnb' +
    'mtMIHOZBvbo3RZY7EDG+owcbhcpZHJxpxiKRsErJWYOqZ7QdPp/Zvgy5wuQGkK+ijEy4F/Y8QRZ9rNmRT3gv8egl1w' +
    'QjwijjGep8OBAoGAcfyQ46LDuCPnFL5Ufbd3v1C7OnG8ganj8n34HlwLv3sl5ylBULaslFgc0gY6qHipADvM1AbfIC' +
    'dGdokaHo6oBzEHPX9mm9KavbpB4PnAjT2Nz+yULFlmLsG2xAg4OkNxH+p6sY0HAnnpNO40HMQijUuYpAv2Ky4PULtl' +
    'U8DcvAkCgYAj68xCtxKB5wA08P+4A5oKaRGRcL8SMs+iHgB6iXrwIOHsoKi9h09DXEHywLYTf5l4hN1R0NaP/+URV5' +
    'bdNPBOpcvKeaTcju0fUScOJpIlpGK29nKC/Z4y7ye8JzLg76KIaDMaulVH/JruqwVOUS5TqWIxfXog8TVz+APMbADH' +
    'Kw==',
};
