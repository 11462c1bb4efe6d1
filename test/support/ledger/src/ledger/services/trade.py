"""Invoices, payments, and which payment settles which invoice."""

from sqlalchemy import select

from ledger.models import Counterparty, Invoice, InvoiceLine, Payment, PaymentAllocation, TaxRate


def add_customer(session, organization, name):
    customer = Counterparty(organization_id=organization.id, name=name)
    session.add(customer)
    session.flush()
    return customer


def add_tax_rate(session, organization, name, basis_points):
    rate = TaxRate(organization_id=organization.id, name=name, basis_points=basis_points)
    session.add(rate)
    session.flush()
    return rate


def issue_invoice(session, customer, number, due, lines, tax_rate=None):
    """An invoice over `lines`, pairs of quantity and unit price in cents."""
    invoice = Invoice(counterparty_id=customer.id, number=number, due=due)
    for quantity, unit_price in lines:
        invoice.lines.append(
            InvoiceLine(text=f"{quantity} pieces", quantity=quantity, unit_price=unit_price, tax_rate=tax_rate)
        )
    session.add(invoice)
    session.flush()
    return invoice


def net(invoice):
    return sum(line.quantity * line.unit_price for line in invoice.lines)


def tax(invoice):
    """The tax in cents, rounded half up per line."""
    total = 0
    for line in invoice.lines:
        if line.tax_rate is not None:
            total += (line.quantity * line.unit_price * line.tax_rate.basis_points + 5000) // 10000
    return total


def outstanding(invoice):
    return net(invoice) + tax(invoice) - sum(allocation.amount for allocation in invoice.allocations)


def unpaid_invoices(session, customer):
    invoices = select(Invoice).where(Invoice.counterparty_id == customer.id).order_by(Invoice.due, Invoice.id)
    return [invoice for invoice in session.execute(invoices).scalars() if outstanding(invoice) > 0]


def overdue(session, customer, day):
    return [invoice.number for invoice in unpaid_invoices(session, customer) if invoice.due < day]


def receive_payment(session, customer, day, amount):
    """Settles the oldest invoices first; gives what is left over, in cents."""
    payment = Payment(counterparty_id=customer.id, day=day, amount=amount)
    session.add(payment)
    session.flush()
    left = amount
    for invoice in unpaid_invoices(session, customer):
        share = min(left, outstanding(invoice))
        if share == 0:
            break
        invoice.allocations.append(PaymentAllocation(payment_id=payment.id, amount=share))
        left -= share
    session.flush()
    return left
