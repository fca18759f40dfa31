"""All claims of the papers, in the order of the papers."""

from benchmarks.papers import d2sm_claims, pdl_claims, stft_claims

CLAIMS = (*d2sm_claims.CLAIMS, *pdl_claims.CLAIMS, *stft_claims.CLAIMS)
