"""Human interaction: an expense waits for its approver, and is escalated when nobody answers in time."""

import azure.durable_functions as df
import azure.functions as func
from blueprints.approval import approval
from blueprints.expenses import expenses

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(approval)
app.register_functions(expenses)
