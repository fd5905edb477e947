"""The reading room in the browser: `ipsqa app`, or `streamlit run app.py`."""

from ipsqa.ui.rooms import enter

enter()
